"""From a scan to a member, step by step; and the same person twice."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from kit.fields import shown_id
from members.consent.models import ConsentEvent, ConsentProof, ConsentState, Purpose
from members.consent.queries import states_unlike_log
from members.consent.steps import Proof
from members.identity.models import Identity, IdentityKind, Member, MemberState
from members.registration.actions import (
    agree,
    decline,
    forget_expired,
    keep_wechat_identity,
    open_registration,
    request_code,
)
from members.registration.doors import registrant
from members.registration.errors import NotAgreedYet, NoticeChanged, WrongPhone
from members.registration.joining import Proven, try_code
from members.registration.models import (
    ChannelCode,
    CodeRequest,
    OneTimeCode,
    Registration,
    RegistrationState,
)
from members.rewards.models import Coupon
from stores.ledger.models import Ownership, Touch, TouchKind
from tests.cast import Cast, an_identity
from tests.members.builders import (
    TESTER,
    a_channel_code,
    a_contact,
    a_notice,
    a_welcome_gift,
    grant,
    run_handlers,
)
from tests.members.wechat import Phone

WU = "+8613911112222"
PROOF = Proof(ip="10.0.0.9", user_agent="MicroMessenger")


def visit(code: ChannelCode, *ticked: str, unionid: str = "", openid: str = "") -> Registration:
    """She opened the page, agreed, and came back from WeChat."""
    by = registrant(code)
    registration = open_registration(code.pk, by=by)
    notice = code.store.entity.notices.latest("version")
    agree(registration.pk, notice_id=notice.pk, granted=set(ticked), proof=PROOF, by=by)
    if unionid:
        keep_wechat_identity(registration.pk, openid=openid, unionid=unionid, by=by)
    return registration


def prove(registration: Registration, phone: Phone, number: str = WU, ip: str = "10.0.0.9") -> str:
    """She asked for a code, read it on her phone and typed it."""
    by = registrant(registration.channel_code)
    request_code(registration.pk, phone=number, ip=ip, by=by)
    run_handlers()
    return try_code(registration.pk, code=phone.last_code(number), by=by)


def test_a_stranger_becomes_a_member(cast: Cast, phone: Phone) -> None:
    notice = a_notice(cast.entity)
    a_welcome_gift(cast.entity)
    code = a_channel_code(cast.lin)
    registration = visit(code, Purpose.DIRECT_MARKETING, unionid="u1", openid="o1")
    assert prove(registration, phone) == Proven.YES

    member = Member.objects.get(phone__isnull=False, pk__gt=cast.chen.pk)
    assert (member.phone, member.state) == (WU, MemberState.ACTIVE)
    assert (member.owner, member.home_store, member.entity) == (cast.lin, cast.guomao, cast.entity)
    assert set(member.identities.values_list("kind", flat=True)) == {"phone", "unionid", "openid"}
    assert dict(member.consents.values_list("purpose", "is_granted")) == {
        "membership": True,
        "direct_marketing": True,
        "profiling": False,
        "birthday": False,
    }
    event = ConsentEvent.objects.get(member=member, purpose=Purpose.DIRECT_MARKETING)
    assert (event.notice, event.guide, event.store) == (notice, cast.lin, cast.guomao)
    assert (event.method, event.source) == ("landing", shown_id(code.public_id))
    assert ConsentProof.objects.get(event=event).ip == "10.0.0.9"
    assert Ownership.objects.get(member_no=member.pk).guide_no == cast.lin.pk
    assert Coupon.objects.get(member=member).once == "welcome"
    touches = Touch.objects.filter(guide_no=cast.lin.pk).order_by("pk")
    assert [touch.kind for touch in touches] == [TouchKind.SCAN, TouchKind.REGISTRATION]
    assert [touch.member_no for touch in touches] == [None, member.pk]
    assert states_unlike_log() == []


def test_refusing_every_option_gives_the_same_membership(cast: Cast, phone: Phone) -> None:
    a_notice(cast.entity)
    a_welcome_gift(cast.entity)
    assert prove(visit(a_channel_code(cast.lin)), phone) == Proven.YES
    member = Member.objects.exclude(pk=cast.chen.pk).get()
    assert (member.state, member.owner) == (MemberState.ACTIVE, cast.lin)
    assert Coupon.objects.filter(member=member).count() == 1
    assert list(member.consents.filter(is_granted=True).values_list("purpose", flat=True)) == [
        "membership"
    ]


def test_who_is_a_member_stays_the_same_member(cast: Cast, phone: Phone) -> None:
    a_notice(cast.entity)
    a_welcome_gift(cast.entity)
    grant(cast.chen, Purpose.PROFILING)
    registration = visit(a_channel_code(cast.zhou), Purpose.DIRECT_MARKETING)
    assert prove(registration, phone, "+8613800000001") == Proven.YES
    member = Member.objects.get()
    assert member.owner == cast.lin
    granted = member.consents.filter(is_granted=True).values_list("purpose", flat=True)
    # A box left empty withdraws nothing that she gave before.
    assert set(granted) == {"membership", "profiling", "direct_marketing"}
    assert Registration.objects.get(pk=registration.pk).member == cast.chen
    CodeRequest.objects.all().delete()
    again = visit(a_channel_code(cast.lin))
    assert prove(again, phone, "+8613800000001") == "yes"
    assert Coupon.objects.filter(member=member).count() == 1


def test_the_same_phone_at_another_entity_is_another_member(cast: Cast, phone: Phone) -> None:
    a_notice(cast.franchise)
    assert prove(visit(a_channel_code(cast.ma)), phone, "+8613800000001") == Proven.YES
    assert Member.objects.count() == 2
    assert Identity.objects.filter(kind=IdentityKind.PHONE).count() == 2


def test_a_friend_of_before_is_joined_when_her_unionid_is_learned(cast: Cast, phone: Phone) -> None:
    a_notice(cast.entity)
    contact = a_contact(cast.lin, unionid="u-chen")
    prove(visit(a_channel_code(cast.lin), unionid="u-chen", openid="o"), phone)
    contact.refresh_from_db()
    assert contact.member is not None
    assert contact.joined_by == "unionid"


def test_somebody_elses_wechat_does_not_move(cast: Cast, phone: Phone) -> None:
    """A family's shared phone: the number in her hand is proven, whose WeChat it is is not."""
    a_notice(cast.entity)
    an_identity(cast.chen, IdentityKind.UNIONID, "u-chen")
    assert prove(visit(a_channel_code(cast.lin), unionid="u-chen", openid="o"), phone) == "yes"
    assert Identity.objects.get(kind=IdentityKind.UNIONID).member == cast.chen
    assert Member.objects.count() == 2


def test_before_she_agrees_nothing_about_her_is_kept(cast: Cast) -> None:
    a_notice(cast.entity)
    code = a_channel_code(cast.lin)
    by = registrant(code)
    registration = open_registration(code.pk, by=by)
    with pytest.raises(NotAgreedYet):
        keep_wechat_identity(registration.pk, openid="o", unionid="u", by=by)
    with pytest.raises(NotAgreedYet):
        request_code(registration.pk, phone=WU, ip="10.0.0.9", by=by)
    row = Registration.objects.values().get()
    kept = {name: value for name, value in row.items() if value not in (None, "", {})}
    assert set(kept) == {
        "id",
        "public_id",
        "channel_code_id",
        "guide_id",
        "store_id",
        "state",
        "started_on",
        "opened_at",
    }
    assert Touch.objects.get().member_no is None
    assert not OneTimeCode.objects.exists()


def test_who_would_rather_not_leaves_nothing_behind(cast: Cast, phone: Phone) -> None:
    a_notice(cast.entity)
    registration = visit(a_channel_code(cast.lin), Purpose.PROFILING, unionid="u", openid="o")
    by = registrant(registration.channel_code)
    request_code(registration.pk, phone=WU, ip="10.0.0.9", by=by)
    decline(registration.pk, by=by)
    found = Registration.objects.get()
    assert found.state == RegistrationState.DECLINED
    assert (found.unionid, found.openid, found.ip, found.user_agent) == (None, None, None, "")
    assert found.decisions == {}
    assert not OneTimeCode.objects.exists()
    assert not ConsentState.objects.exists()


def test_an_old_notice_is_not_agreed_to(cast: Cast) -> None:
    old = a_notice(cast.entity)
    a_notice(cast.entity)
    code = a_channel_code(cast.lin)
    registration = open_registration(code.pk, by=registrant(code))
    with pytest.raises(NoticeChanged):
        agree(registration.pk, notice_id=old.pk, granted=set(), proof=PROOF, by=registrant(code))


@pytest.mark.parametrize(
    "number", ["", "12345", "+14155550123", "13800000", "1380000000a", "+85291234567", "9" * 500]
)
def test_only_mainland_mobiles_get_a_code(cast: Cast, number: str) -> None:
    a_notice(cast.entity)
    registration = visit(a_channel_code(cast.lin))
    with pytest.raises(WrongPhone):
        request_code(
            registration.pk, phone=number, ip="10.0.0.9", by=registrant(registration.channel_code)
        )
    assert not OneTimeCode.objects.exists()


def test_who_left_and_comes_back_is_the_same_member(cast: Cast, phone: Phone) -> None:
    a_notice(cast.entity)
    Member.objects.filter(pk=cast.chen.pk).update(state=MemberState.LEFT)
    prove(visit(a_channel_code(cast.lin)), phone, "+8613800000001")
    assert Member.objects.get().state == MemberState.ACTIVE


def test_visits_that_led_nowhere_are_forgotten(cast: Cast, phone: Phone) -> None:
    a_notice(cast.entity)
    code = a_channel_code(cast.lin)
    member_made = visit(code)
    prove(member_made, phone)
    led_nowhere, recent = visit(code), visit(code)
    long_ago = timezone.now() - timedelta(days=31)
    Registration.objects.exclude(pk=recent.pk).update(opened_at=long_ago)
    OneTimeCode.objects.update(made_at=long_ago)
    CodeRequest.objects.update(at=long_ago)
    assert forget_expired(by=TESTER) == 3
    assert set(Registration.objects.all()) == {member_made, recent}
    assert led_nowhere not in Registration.objects.all()
    assert forget_expired(by=TESTER) == 0
