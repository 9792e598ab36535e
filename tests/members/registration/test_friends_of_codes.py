"""A friend who came by a channel code: greeted in time, joined or suggested, never guessed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from kit.actions import action, scope_of
from kit.actor import Actor
from kit.events import DomainEvent, emit
from kit.fields import shown_id
from members.identity.actions import decide_suggestion
from members.identity.errors import AlreadyDecided
from members.identity.models import Contact, IdentityKind, Suggestion
from members.registration.cards import unwelcomed
from members.registration.channel_codes import ensure_channel_codes, make_channel_code
from members.registration.models import ChannelCode, Registration, Scene
from stores.ledger.models import Touch, TouchKind
from stores.org.access import actor_of
from stores.org.models import Guide
from tests.cast import Cast, an_identity
from tests.members.builders import TESTER, a_channel_code, a_notice, run_handlers
from tests.members.identity.test_friends import CHEN, she_adds_lin
from tests.members.registration.test_way import prove, visit
from tests.members.wechat import Phone, WechatWorld
from wecom.outbox.models import OutboxRow, OutboxState


@action
def outbox_says(kind: str, *, by: Actor, **said: object) -> DomainEvent | None:
    subject = str(said.pop("subject", ""))
    return emit(f"outbox.sent.{kind}", subject=subject, more=said)


def test_every_guide_has_her_usual_codes_once(cast: Cast) -> None:
    ensure_channel_codes(cast.lin.pk, by=actor_of(cast.lin.account))
    codes = ensure_channel_codes(cast.lin.pk, by=actor_of(cast.lin.account))
    assert [code.scene for code in codes] == [Scene.ENTRANCE, Scene.FITTING_ROOM, Scene.TILL]
    assert len({code.token for code in codes}) == 3
    assert all(len(code.token) == 22 and len(code.wecom_state) <= 30 for code in codes)
    rows = OutboxRow.objects.filter(kind="contact_way")
    assert {row.payload["state"] for row in rows} == {code.wecom_state for code in codes}
    assert {row.payload["userid"] for row in rows} == {"linxiao"}
    make_channel_code(cast.lin.pk, scene=Scene.EVENT, campaign="双十二", by=TESTER)
    assert OutboxRow.objects.count() == 4


def test_wecoms_contact_way_is_kept_with_its_code(cast: Cast) -> None:
    code = ensure_channel_codes(cast.lin.pk, by=TESTER)[0]
    outbox_says(
        "contact_way",
        subject=f"channel_code:{shown_id(code.public_id)}",
        once="x",
        answer={"config_id": "cfg", "qr_code_url": "https://wework.qpic.cn/x"},
        by=TESTER,
    )
    run_handlers()
    code.refresh_from_db()
    assert (code.config_id, code.qr_code_url) == ("cfg", "https://wework.qpic.cn/x")


def test_two_active_codes_of_one_place_are_refused(cast: Cast) -> None:
    a_channel_code(cast.lin)
    with pytest.raises(IntegrityError, match="one_code_per_guide"), transaction.atomic():
        a_channel_code(cast.lin)
    a_channel_code(cast.lin, campaign="双十二")
    ChannelCode.objects.update(is_active=False)
    a_channel_code(cast.lin)


def test_the_welcome_waits_for_nobody_and_is_wished_once(cast: Cast, wechat: WechatWorld) -> None:
    wechat.begin(cast.lin)
    wechat.customer("静静", CHEN)
    code = a_channel_code(cast.lin, welcome_text="我是{门店}的{导购}。")
    told = int(timezone.now().timestamp())
    for _ in range(2):
        she_adds_lin(wechat, cast, state=code.wecom_state, welcome_code="W1", created_at=told)
    row = OutboxRow.objects.get()
    assert (row.kind, row.once, row.priority) == ("welcome", "welcome:W1", 1)
    assert row.payload["text"] == "我是国贸店的林晓。"
    assert row.payload["attachments"][0]["url"].endswith(f"/q/{code.token}/")
    # From the second that WeCom tells, not from when we heard of it.
    assert row.expires_at == datetime.fromtimestamp(told + 18, tz=UTC)
    assert Contact.objects.get().member is None


def test_without_a_welcome_code_there_is_no_welcome(cast: Cast, wechat: WechatWorld) -> None:
    wechat.begin(cast.lin)
    wechat.customer("静静", CHEN)
    she_adds_lin(wechat, cast)
    assert not OutboxRow.objects.exists()


def test_a_sent_welcome_is_a_touch(cast: Cast, wechat: WechatWorld) -> None:
    wechat.begin(cast.lin)
    wechat.customer("静静", CHEN)
    she_adds_lin(wechat, cast, welcome_code="W1")
    OutboxRow.objects.update(state=OutboxState.SENT, ended_at=timezone.now())
    for _ in range(2):
        outbox_says("welcome", subject=f"contact:{CHEN}", once="welcome:W1", answer={}, by=TESTER)
        run_handlers()
    assert Touch.objects.get(kind=TouchKind.WELCOME).guide_no == cast.lin.pk


@pytest.mark.parametrize("end", [OutboxState.MISSED, OutboxState.FAILED, OutboxState.SENT])
def test_whom_the_welcome_did_not_reach_her_guide_is_asked_to_greet(
    cast: Cast, wechat: WechatWorld, end: OutboxState
) -> None:
    wechat.begin(cast.lin)
    wechat.customer("静静", CHEN)
    she_adds_lin(wechat, cast, welcome_code="W1")
    now = timezone.now()
    assert greet_yourself(cast.lin, now) == []
    OutboxRow.objects.update(state=end, ended_at=now)
    assert greet_yourself(cast.lin, now) == ([] if end == OutboxState.SENT else ["静静"])
    assert greet_yourself(cast.zhou, now) == []
    assert greet_yourself(cast.lin, now + timedelta(days=2)) == []


def greet_yourself(guide: Guide, at: datetime) -> list[str]:
    actor = actor_of(guide.account)
    with scope_of(actor):
        return [card.title for card in unwelcomed(actor, guide, at)]


def registered(cast: Cast, phone: Phone, *, unionid: str = "") -> Registration:
    a_notice(cast.entity)
    registration = visit(a_channel_code(cast.lin), unionid=unionid, openid="o")
    assert prove(registration, phone) == "yes"
    registration.refresh_from_db()
    return registration


def test_without_unionid_lin_is_asked_and_her_yes_joins_them(
    cast: Cast, wechat: WechatWorld, phone: Phone
) -> None:
    registration = registered(cast, phone)
    wechat.begin(cast.lin, open_platform_bound=False)
    wechat.customer("静静", CHEN)
    she_adds_lin(wechat, cast, state=registration.channel_code.wecom_state)
    suggestion = Suggestion.objects.get()
    assert suggestion.guide == cast.lin
    assert suggestion.member == registration.member
    assert suggestion.evidence[0] == "扫的是同一个渠道码"
    assert Contact.objects.get().member is None

    lin = actor_of(cast.lin.account)
    for _ in range(2):
        decide_suggestion(suggestion.pk, is_same=True, by=lin)
    contact = Contact.objects.get()
    assert (contact.member, contact.joined_by) == (registration.member, "confirmed")
    assert registration.member is not None
    assert registration.member.identities.filter(kind=IdentityKind.EXTERNAL_USERID).exists()
    with pytest.raises(AlreadyDecided):
        decide_suggestion(suggestion.pk, is_same=False, by=lin)


def test_a_no_joins_nobody_and_is_not_asked_again(
    cast: Cast, wechat: WechatWorld, phone: Phone
) -> None:
    registration = registered(cast, phone)
    wechat.begin(cast.lin, open_platform_bound=False)
    wechat.customer("静静", CHEN)
    she_adds_lin(wechat, cast, state=registration.channel_code.wecom_state)
    decide_suggestion(Suggestion.objects.get().pk, is_same=False, by=TESTER)
    she_adds_lin(wechat, cast, state=registration.channel_code.wecom_state)
    assert Suggestion.objects.count() == 1
    assert Contact.objects.get().member is None


def test_friend_first_and_member_after_is_suggested_too(
    cast: Cast, wechat: WechatWorld, phone: Phone
) -> None:
    a_notice(cast.entity)
    code = a_channel_code(cast.lin)
    wechat.begin(cast.lin, open_platform_bound=False)
    wechat.customer("静静", CHEN)
    she_adds_lin(wechat, cast, state=code.wecom_state)
    assert not Suggestion.objects.exists()
    prove(visit(code), phone)
    run_handlers()
    assert Suggestion.objects.get().contact == Contact.objects.get()


def test_nobody_is_suggested_after_half_an_hour(
    cast: Cast, wechat: WechatWorld, phone: Phone
) -> None:
    registration = registered(cast, phone)
    Registration.objects.update(finished_at=timezone.now() - timedelta(minutes=31))
    wechat.begin(cast.lin, open_platform_bound=False)
    wechat.customer("静静", CHEN)
    she_adds_lin(wechat, cast, state=registration.channel_code.wecom_state)
    assert not Suggestion.objects.exists()


def test_two_known_unionids_that_differ_are_two_people(
    cast: Cast, wechat: WechatWorld, phone: Phone
) -> None:
    registration = registered(cast, phone, unionid="another-person")
    wechat.begin(cast.lin)
    wechat.customer("静静", CHEN)
    she_adds_lin(wechat, cast, state=registration.channel_code.wecom_state)
    assert not Suggestion.objects.exists()


def test_with_unionid_nobody_needs_to_ask(cast: Cast, wechat: WechatWorld, phone: Phone) -> None:
    wechat.begin(cast.lin)
    registration = registered(cast, phone, unionid=wechat.customer("静静", CHEN)["unionid"])
    she_adds_lin(wechat, cast, state=registration.channel_code.wecom_state)
    assert Contact.objects.get().member == registration.member
    assert not Suggestion.objects.exists()
    an_identity(cast.chen, IdentityKind.UNIONID, "of-chen")
