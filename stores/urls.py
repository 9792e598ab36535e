"""The addresses of this floor, listed room by room."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from stores.commission import tablet as commission
from stores.conversions import tablet as lists
from stores.disputes import tablet as disputes
from stores.figures import tablet as figures
from stores.figures.api import CommissionsView, FigureDaysView
from stores.figures.weeks_api import FiguresView
from stores.ledger import api as purchases
from stores.tablet import roster, sign_in, tablet

urlpatterns: list[URLPattern | URLResolver] = [
    # ledger
    path("api/v1/purchases/", purchases.PurchasesView.as_view(), name="purchases"),
    path("api/v1/purchases/<str:receipt_no>/", purchases.ReceiptView.as_view(), name="receipt"),
    # conversions
    path("api/v1/figures/", FiguresView.as_view(), name="figures"),
    path("tablet/figures/", figures.figures, name="tablet-figures"),
    path("tablet/figures/people/<slug:kind>/", lists.people, name="tablet-figures-people"),
    path("tablet/figures/credits/", lists.credits, name="tablet-credits"),
    path(
        "tablet/figures/credits/<slug:source>/<str:receipt_no>/",
        lists.receipt,
        name="tablet-receipt",
    ),
    # figures
    path("api/v1/figures/days/", FigureDaysView.as_view(), name="figure-days"),
    path("api/v1/commissions/", CommissionsView.as_view(), name="commissions"),
    path("tablet/figures/targets/", figures.targets, name="tablet-targets"),
    # commission
    path("tablet/figures/commission/", commission.payslips, name="tablet-payslips"),
    path(
        "tablet/figures/commission/<int:year>/<int:month>/",
        commission.payslip,
        name="tablet-payslip",
    ),
    # disputes
    path("tablet/figures/disputes/", disputes.disputes, name="tablet-disputes"),
    path("tablet/figures/disputes/new/", disputes.begin, name="tablet-dispute-begin"),
    path("tablet/figures/disputes/<public:public_id>/", disputes.dispute, name="tablet-dispute"),
    path(
        "tablet/figures/disputes/<public:public_id>/answer/",
        disputes.answer,
        name="tablet-dispute-answer",
    ),
    path(
        "tablet/figures/disputes/<public:public_id>/withdraw/",
        disputes.withdraw,
        name="tablet-dispute-withdraw",
    ),
    path(
        "tablet/figures/disputes/<public:public_id>/decide/",
        disputes.decide,
        name="tablet-dispute-decide",
    ),
    # tablet
    path("look/accent.css", tablet.accent, name="look-accent"),
    path("tablet/", tablet.today, name="tablet-today"),
    path("tablet/badges/", tablet.badges, name="tablet-badges"),
    path("tablet/settings/", tablet.settings_page, name="tablet-settings"),
    path("tablet/settings/thumb/", tablet.thumb_side, name="tablet-thumb-side"),
    path("tablet/roster/", roster.roster, name="tablet-roster"),
    path("tablet/roster/plan/", roster.plan, name="tablet-roster-plan"),
    path("tablet/roster/copy/", roster.copy_last, name="tablet-roster-copy"),
    path("tablet/manifest.webmanifest", tablet.manifest, name="tablet-manifest"),
    path("tablet/sign-in/", sign_in.sign_in, name="tablet-sign-in"),
    path("tablet/sign-in/wecom/begin/", sign_in.wecom_begin, name="tablet-wecom-begin"),
    path("tablet/sign-in/wecom/", sign_in.wecom_back, name="tablet-wecom-back"),
    path("tablet/sign-out/", sign_in.sign_out, name="tablet-sign-out"),
    path("sidebar/sign-in/", sign_in.sidebar_sign_in, name="sidebar-sign-in"),
    path("sidebar/sign-in/back/", sign_in.sidebar_back, name="sidebar-sign-in-back"),
]
