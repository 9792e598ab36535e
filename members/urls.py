"""The addresses of this floor, listed room by room."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from members.behaviour.api import BehaviourView
from members.handover import tablet as handover
from members.identity import tablet as identity
from members.privacy import pages as privacy
from members.privacy import tablet as looks
from members.lifecycle import tablet as lifecycle
from members.profile import pages as own
from members.profile import tablet as profile
from members.registration import pages as registration
from members.registration import tablet as codes

urlpatterns: list[URLPattern | URLResolver] = [
    # identity
    path(
        "tablet/members/suggestions/<public:public_id>/",
        identity.suggestion,
        name="tablet-suggestion",
    ),
    # registration; fixed words first, a token has 22 characters
    path("q/back/", registration.back_from_wechat, name="member-back"),
    path("q/phone/", registration.phone, name="member-phone"),
    path("q/code/", registration.code, name="member-code"),
    path("q/code/again/", registration.code_again, name="member-code-again"),
    path("q/somebody-else/", registration.somebody_else, name="member-somebody-else"),
    path("q/<str:token>/", registration.join, name="member-join"),
    path("q/<str:token>/agree/", registration.agreed, name="member-agree"),
    path("q/<str:token>/decline/", registration.declined, name="member-decline"),
    path("notice/<public:public_id>/", registration.notice, name="notice"),
    path("tablet/code/", codes.my_code, name="tablet-code"),
    path("tablet/code/make/", codes.make_codes, name="tablet-codes-make"),
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
    path("api/v1/behaviour/", BehaviourView.as_view(), name="behaviour"),
    # privacy
    path("privacy/lists/", privacy.lists, name="privacy-lists"),
    path("tablet/members/<public:public_id>/phone/", looks.phone, name="tablet-member-phone"),
    # behaviour
    path("api/v1/behaviour/", BehaviourView.as_view(), name="behaviour"),
    # profile
    path("m/", own.card, name="member-home"),
    path("m/privacy/", own.privacy, name="member-privacy"),
    path("m/privacy/decide/", own.decide_one, name="member-decide"),
    path("m/privacy/name/", own.rename, name="member-rename"),
    path("m/privacy/copy/", own.copy, name="member-copy"),
    path("m/privacy/leave/", own.leave, name="member-leave"),
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
]
