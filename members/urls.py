"""The addresses of this floor, listed room by room."""

from __future__ import annotations

from captcha.views import captcha_image as picture
from django.urls import URLPattern, URLResolver, path

from members.behaviour.api import BehaviourView
from members.handover import tablet as handover
from members.identity import pairs
from members.identity import tablet as identity
from members.lifecycle import tablet as lifecycle
from members.privacy import pages as privacy
from members.privacy import tablet as looks
from members.profile import pages as own
from members.profile import pages_of_phone as own_phone
from members.profile import pages_of_rights as rights
from members.profile import tablet as profile
from members.registration import card_pages, shared_pages, tablet_begin, tablet_prints
from members.registration import pages as registration
from members.registration import pages_of_accounts as accounts
from members.registration import pages_of_phones as phones
from members.registration import tablet as codes
from members.registration.api import VerifyCardView
from members.registration.api_of_texts import TextReplies
from members.rewards.api import BalancesView, ChangesView, RedeemView, ReturnView

urlpatterns: list[URLPattern | URLResolver] = [
    # identity
    path("tablet/members/pairs/<public:public_id>/", pairs.pair, name="tablet-pair"),
    path("tablet/members/pairs/<public:public_id>/again/", pairs.again, name="tablet-pair-again"),
    path("tablet/members/<public:public_id>/edit/", pairs.edit, name="tablet-member-edit"),
    # rewards
    path("api/v1/coupons/redeem/", RedeemView.as_view(), name="coupon-redeem"),
    path("api/v1/coupons/return/", ReturnView.as_view(), name="coupon-return"),
    path("api/v1/outside/balances/", BalancesView.as_view(), name="outside-balances"),
    path("api/v1/outside/changes/", ChangesView.as_view(), name="outside-changes"),
    path(
        "tablet/members/suggestions/<public:public_id>/",
        identity.suggestion,
        name="tablet-suggestion",
    ),
    # registration; fixed words first, a token has 22 characters
    path("q/back/", registration.back_from_wechat, name="member-back"),
    path("q/phone/", phones.phone, name="member-phone"),
    path("q/code/", phones.code, name="member-code"),
    path("q/code/again/", phones.code_again, name="member-code-again"),
    path("q/picture/<slug:key>/", picture, name="captcha-image"),
    path("q/welcome/", phones.welcome, name="member-welcome"),
    path("q/guide/", phones.choose_guide, name="member-choose-guide"),
    path("q/somebody-else/", registration.somebody_else, name="member-somebody-else"),
    path("q/<str:token>/", registration.join, name="member-join"),
    path("q/<str:token>/agree/", registration.agreed, name="member-agree"),
    path("q/<str:token>/decline/", registration.declined, name="member-decline"),
    path("q/<str:token>/young/", registration.too_young, name="member-too-young"),
    path("notice/<public:public_id>/", registration.notice, name="notice"),
    path("tablet/code/", codes.my_code, name="tablet-code"),
    path("tablet/code/make/", codes.make_codes, name="tablet-codes-make"),
    path("r/<str:token>/", shared_pages.shared, name="member-roster"),
    path("r/<str:token>/near/", shared_pages.near, name="member-roster-near"),
    path("r/<str:token>/at/<public:public_id>/", shared_pages.at_store, name="member-roster-at"),
    path("i/<str:token>/", shared_pages.invited, name="member-invited"),
    path("m/code/", card_pages.card_code, name="member-card-code"),
    path("api/v1/cards/verify/", VerifyCardView.as_view(), name="verify-card"),
    path("tablet/worker.js", tablet_begin.worker, name="tablet-worker"),
    path("tablet/register/", tablet_begin.begin, name="tablet-begin"),
    path("tablet/register/sync/", tablet_begin.sync, name="tablet-begin-sync"),
    path("tablet/register/begun/", tablet_begin.begun_list, name="tablet-begun-list"),
    path("tablet/register/<public:public_id>/", tablet_begin.begun, name="tablet-begun"),
    path("tablet/code/print/", tablet_prints.prints, name="tablet-prints"),
    path("tablet/code/print/<public:public_id>/", tablet_prints.one_print, name="tablet-print"),
    path(
        "tablet/code/print/<public:public_id>/file/",
        tablet_prints.print_file,
        name="tablet-print-file",
    ),
    path(
        "tablet/code/<public:public_id>/<slug:kind>/",
        tablet_prints.code_picture,
        name="tablet-code-picture",
    ),
    path("tablet/code/<public:public_id>/", codes.my_code, name="tablet-code-of"),
    # handover
    path("tablet/handover/", handover.hand_overs, name="tablet-handovers"),
    path("tablet/handover/start/", handover.start, name="tablet-handover-start"),
    path("tablet/handover/<public:public_id>/", handover.hand_over, name="tablet-handover"),
    path(
        "tablet/handover/<public:public_id>/arrange/",
        handover.arrange,
        name="tablet-handover-arrange",
    ),
    path(
        "tablet/handover/<public:public_id>/decide/",
        handover.decide,
        name="tablet-handover-decide",
    ),
    path("tablet/handover/<public:public_id>/stop/", handover.stop, name="tablet-handover-stop"),
    path(
        "tablet/handover/<public:public_id>/customers/",
        handover.customers,
        name="tablet-handover-customers",
    ),
    path(
        "tablet/handover/<public:public_id>/choose/",
        handover.choose,
        name="tablet-handover-choose",
    ),
    path(
        "tablet/handover/<public:public_id>/settle/",
        handover.settle,
        name="tablet-handover-settle",
    ),
    # behaviour
    path("api/v1/text-replies/", TextReplies.as_view(), name="text-replies"),
    path("api/v1/behaviour/", BehaviourView.as_view(), name="behaviour"),
    # privacy
    path("privacy/lists/", privacy.lists, name="privacy-lists"),
    path("tablet/members/<public:public_id>/phone/", looks.phone, name="tablet-member-phone"),
    # profile
    path("m/", own.card, name="member-home"),
    path("m/privacy/", own.privacy, name="member-privacy"),
    path("m/privacy/decide/", own.decide_one, name="member-decide"),
    path("m/privacy/decide/none/", own.refuse_all, name="member-refuse-all"),
    path("m/news/", own.news, name="member-news"),
    path("m/privacy/name/", rights.rename, name="member-rename"),
    path("m/privacy/birth-year/", rights.birth_year, name="member-birth-year"),
    path("m/privacy/prove/", rights.prove, name="member-prove"),
    path("m/privacy/copy/", rights.copy, name="member-copy"),
    path("m/privacy/restrict/", rights.restrict, name="member-restrict"),
    path("m/privacy/ask/", rights.ask, name="member-ask"),
    path("m/privacy/looks/", rights.looks, name="member-looks"),
    path("m/privacy/leave/", rights.leave, name="member-leave"),
    path("m/accounts/", accounts.accounts, name="member-accounts"),
    path("m/phone/", own_phone.change_phone, name="member-change-phone"),
    path("m/phone/new/", own_phone.new_phone, name="member-new-phone"),
    path("m/phone/old/", own_phone.ask_old_phone, name="member-old-phone"),
    path("m/phone/prove/", own_phone.prove_phone, name="member-prove-phone"),
    path("m/phone/wait/", own_phone.wait, name="member-wait-phone"),
    path("m/phone/stop/", own_phone.stop, name="member-stop-phone"),
    # lifecycle
    path("tablet/greet/", lifecycle.greet, name="tablet-greet"),
    path("tablet/greet/<public:public_id>/", lifecycle.outcome, name="tablet-greet-outcome"),
    path("tablet/standing/", lifecycle.standing, name="tablet-standing"),
    path("tablet/members/", profile.members, name="tablet-members"),
    path("tablet/members/<public:public_id>/", profile.member, name="tablet-member"),
    path(
        "tablet/members/<public:public_id>/timeline/",
        profile.timeline,
        name="tablet-member-timeline",
    ),
    path(
        "tablet/members/<public:public_id>/tags/<public:tag_id>/",
        profile.tap_tag,
        name="tablet-member-tag",
    ),
]
