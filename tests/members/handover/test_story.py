"""Lin leaves: her customers pass to Zhou inside WeCom's rules, and everything follows them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from kit.events import DomainEvent, NotYet
from members.handover.actions import (
    ask_again,
    change_owner_only,
    leave_as_they_are,
    plan_transfers,
    stop_transfers,
    take_over_strangers,
)
from members.handover.inbound import batch_answered, batch_doubtful, customer_changed
from members.handover.looking import look_at_due
from members.handover.models import CustomerTransfer
from members.handover.panels import panels
from members.handover.rules import LOOK_EVERY, TAKES_EFFECT
from members.identity.models import Friendship
from members.registration.models import ChannelCode
from members.registration.queries import code_by_token, codes_of
from stores.ledger.models import Ownership
from stores.org.actions import record_leaving
from stores.org.endings import end_what_is_done
from stores.org.handing_over import begin_hand_over, decide_hand_over, stop_hand_over
from stores.org.inbound import propose_for_mover
from stores.org.models import Guide, HandOver, HandOverState
from tests.cast import Cast, a_guide, a_member
from tests.members.builders import TESTER, a_channel_code, run_handlers
from tests.members.handover.builders import (
    a_day_later,
    a_friend,
    a_hand_over,
    decided,
    look_now,
    run_house,
    states_of,
)
from tests.sandbox import Sandbox
from wecom.outbox.models import OutboxRow


def test_leaving_proposes_and_moves_nobody(cast: Cast) -> None:
    a_friend(cast.lin, 1, member=cast.chen)
    record_leaving(cast.lin, on=timezone.localdate(), by=TESTER)
    run_handlers()
    proposed = HandOver.objects.get(guide=cast.lin)
    assert proposed.state == HandOverState.PROPOSED
    assert CustomerTransfer.objects.count() == 0
    cast.chen.refresh_from_db()
    assert cast.chen.owner == cast.lin


def test_customers_pass_on_after_a_day_unless_they_refuse(cast: Cast, wecom: Sandbox) -> None:
    friend = a_friend(cast.lin, 1, member=cast.chen, wecom=wecom)
    refusing = a_friend(cast.lin, 2, wecom=wecom)
    stranger = a_member("孙悦", owner=cast.lin, store=cast.guomao)
    handover = decided(a_hand_over(cast.lin, cast.zhou))
    # She is no friend in WeCom: nobody has to be asked.
    stranger.refresh_from_db()
    assert stranger.owner == cast.zhou
    assert states_of(handover) == {"waiting": 2, "done": 1}
    cast.chen.refresh_from_db()
    assert cast.chen.owner == cast.lin

    wecom.act("refuse_transfer", customer=refusing.external_userid, takeover="zhouning")
    look_now()
    assert states_of(handover) == {"waiting": 1, "refused": 1, "done": 1}
    a_day_later(wecom)
    assert states_of(handover) == {"refused": 1, "done": 2}
    cast.chen.refresh_from_db()
    assert cast.chen.owner == cast.zhou
    now = Ownership.objects.get(member_no=cast.chen.pk, until=None)
    assert (now.guide_no, now.reason) == (cast.zhou.pk, "handover")
    assert Friendship.objects.get(contact=friend, until=None).guide == cast.zhou
    assert Friendship.objects.get(contact=friend, guide=cast.lin).ended_by == "transfer"
    assert Friendship.objects.get(contact=refusing, until=None).guide == cast.lin
    heard = wecom.get(f"state/customer/{friend.external_userid}")["messages"]
    assert "您好，林晓已离开国贸店，接下来由周宁为您服务。" in str(heard)

    # Nobody has said yet what becomes of her who refused.
    handover.refresh_from_db()
    assert handover.state == HandOverState.DECIDED
    assert leave_as_they_are(handover.pk, None, by=TESTER) == 1
    assert leave_as_they_are(handover.pk, None, by=TESTER) == 0
    assert end_what_is_done() == 1
    handover.refresh_from_db()
    assert handover.state == HandOverState.ENDED


def test_looking_again_changes_nothing(cast: Cast, wecom: Sandbox) -> None:
    a_friend(cast.lin, 1, member=cast.chen, wecom=wecom)
    handover = decided(a_hand_over(cast.lin, cast.zhou))
    a_day_later(wecom)
    before = (DomainEvent.objects.filter(kind="owner_set").count(), Ownership.objects.count())
    for event in DomainEvent.objects.filter(kind__in=["handover_begun", "handover_decided"]):
        event.handlings.update(state="waiting")
    look_now()
    run_house()
    assert states_of(handover) == {"done": 1}
    assert before == (
        DomainEvent.objects.filter(kind="owner_set").count(),
        Ownership.objects.count(),
    )
    assert len(wecom.calls("externalcontact/transfer_customer")) == 1


def test_somebody_full_is_replaced_by_another(cast: Cast, wecom: Sandbox) -> None:
    wu = a_guide("吴越", cast.guomao, employee_no="G009", wecom_userid="wuyue")
    wecom.post("seed", members=[{"userid": "wuyue", "name": "吴越", "department": [2]}])
    a_friend(cast.lin, 1, member=cast.chen, wecom=wecom)
    a_friend(cast.zhou, 2, wecom=wecom)
    wecom.post("switches", takeover_customer_limit=1)
    try:
        handover = decided(a_hand_over(cast.lin, cast.zhou))
        assert states_of(handover) == {"full": 1}
        assert ask_again(handover.pk, None, to_guide_id=wu.pk, by=TESTER) == 1
        run_house()
        assert states_of(handover) == {"another": 1, "waiting": 1}
        a_day_later(wecom)
    finally:
        wecom.post("switches", takeover_customer_limit=0)
    assert states_of(handover) == {"another": 1, "done": 1}
    handover.refresh_from_db()
    assert handover.state == HandOverState.ENDED
    cast.chen.refresh_from_db()
    assert cast.chen.owner == wu


def test_who_refused_may_still_get_another_owner_here(cast: Cast, wecom: Sandbox) -> None:
    friend = a_friend(cast.lin, 1, member=cast.chen, wecom=wecom)
    handover = decided(a_hand_over(cast.lin, cast.zhou))
    wecom.act("refuse_transfer", customer=friend.external_userid, takeover="zhouning")
    look_now()
    change_owner_only(handover.pk, None, to_guide_id=cast.zhou.pk, by=TESTER)
    cast.chen.refresh_from_db()
    assert cast.chen.owner == cast.zhou
    assert Friendship.objects.get(contact=friend, until=None).guide == cast.lin
    assert states_of(handover) == {"owner_only": 1}


def test_an_account_that_is_gone_goes_by_the_other_door(cast: Cast, wecom: Sandbox) -> None:
    a_friend(cast.lin, 1, member=cast.chen, wecom=wecom)
    wecom.act("resign_member", userid="LinXiao")
    handover = decided(a_hand_over(cast.lin, cast.zhou))
    assert handover.has_resigned is True
    assert len(wecom.calls("externalcontact/resigned/transfer_customer")) == 1
    a_day_later(wecom)
    assert states_of(handover) == {"done": 1}


def test_an_account_closed_meanwhile_goes_by_the_other_door_next(
    cast: Cast, wecom: Sandbox
) -> None:
    a_friend(cast.lin, 1, member=cast.chen, wecom=wecom)
    handover = a_hand_over(cast.lin, cast.zhou)
    decide_hand_over(handover.pk, version=handover.version, by=TESTER)
    begin_hand_over(handover.pk, has_resigned=False, by=TESTER)
    wecom.act("resign_member", userid="LinXiao")
    run_house()
    assert states_of(handover) == {"failed": 1}
    assert ask_again(handover.pk, None, to_guide_id=cast.zhou.pk, by=TESTER) == 1
    run_house()
    assert states_of(handover) == {"another": 1, "waiting": 1}
    a_day_later(wecom)
    assert states_of(handover) == {"another": 1, "done": 1}


def test_who_stands_in_no_list_of_wecoms_waits_for_a_word(cast: Cast, wecom: Sandbox) -> None:
    a_friend(cast.lin, 1, member=cast.chen, wecom=wecom)
    handover = decided(a_hand_over(cast.lin, cast.zhou))
    # As if it were another's transfer that was under way when WeCom answered.
    CustomerTransfer.objects.update(to_guide=cast.manager)
    look_now()
    assert states_of(handover) == {"waiting": 1}
    CustomerTransfer.objects.update(takes_effect_at=timezone.now() + timedelta(hours=22))
    look_now()
    assert states_of(handover) == {"failed": 1}


@pytest.mark.parametrize("word", ["unknown", "sent"])
def test_a_doubtful_call_that_wecom_never_heard_of_waits_for_a_word(
    cast: Cast, wecom: Sandbox, word: str
) -> None:
    """Whether nobody knows, or HQ believes that it was sent: WeCom's list tells."""
    a_friend(cast.lin, 1, member=cast.chen, wecom=wecom)
    handover = a_hand_over(cast.lin, cast.zhou)
    decide_hand_over(handover.pk, version=handover.version, by=TESTER)
    run_handlers()
    row = OutboxRow.objects.get(kind="customer_transfer")
    OutboxRow.objects.filter(pk=row.pk).update(state="unknown")
    told = DomainEvent(kind=f"outbox.{word}.customer_transfer", payload={"once": row.once})
    (batch_answered if word == "sent" else batch_doubtful)(told)
    look_now()
    # The list may lag behind.
    assert states_of(handover) == {"asked": 1}
    CustomerTransfer.objects.update(takes_effect_at=timezone.now() + TAKES_EFFECT - LOOK_EVERY)
    look_now()
    assert states_of(handover) == {"failed": 1}


def test_two_contacts_of_one_member_are_one_change_of_owner(cast: Cast) -> None:
    """She left more than a year ago: nothing is asked of WeCom for either of them."""
    a_friend(cast.lin, 1, member=cast.chen)
    a_friend(cast.lin, 2, member=cast.chen)
    Guide.objects.filter(pk=cast.lin.pk).update(left_on=timezone.localdate() - timedelta(days=400))
    cast.lin.refresh_from_db()
    handover = a_hand_over(cast.lin, cast.zhou)
    decide_hand_over(handover.pk, version=handover.version, by=TESTER)
    begin_hand_over(handover.pk, has_resigned=True, by=TESTER)
    assert plan_transfers(handover.pk, by=TESTER) == 1
    take_over_strangers(handover.pk, by=TESTER)
    cast.chen.refresh_from_db()
    assert (states_of(handover), cast.chen.owner) == ({"done": 1}, cast.zhou)


def test_a_second_move_waits_for_the_first(cast: Cast) -> None:
    def moved(from_store: int) -> DomainEvent:
        payload = {"guide_no": cast.lin.pk, "from_store": from_store}
        return DomainEvent(kind="guide_moved", payload=payload)

    propose_for_mover(moved(cast.guomao.pk))
    propose_for_mover(moved(cast.guomao.pk))
    with pytest.raises(NotYet):
        propose_for_mover(moved(cast.wangjing.pk))
    first = HandOver.objects.get()
    assert stop_hand_over(first.pk, by=TESTER)
    propose_for_mover(moved(cast.wangjing.pk))
    assert HandOver.objects.exclude(pk=first.pk).get().store == cast.wangjing


def test_hq_sees_what_waits_for_a_decision_first(cast: Cast) -> None:
    decided(a_hand_over(cast.zhou, cast.lin))
    HandOver.objects.update(state=HandOverState.DECIDED)
    waiting = a_hand_over(cast.lin, cast.zhou)
    HandOver.objects.filter(pk=waiting.pk).update(
        proposed_at=timezone.now() - timedelta(days=3, hours=1)
    )
    [listing] = panels(TESTER, timezone.now())
    assert [line.figure for line in listing.lines] == ["等了 3 天", "交接中"]
    assert listing.lines[0].text == cast.lin.name


def test_stopping_asks_no_more_and_lets_run_what_wecom_has(cast: Cast, wecom: Sandbox) -> None:
    a_friend(cast.lin, 1, member=cast.chen, wecom=wecom)
    handover = decided(a_hand_over(cast.lin, cast.zhou))
    assert stop_hand_over(handover.pk, by=TESTER)
    assert not stop_hand_over(handover.pk, by=TESTER)
    run_house()
    assert states_of(handover) == {"waiting": 1}
    a_day_later(wecom)
    assert states_of(handover) == {"done": 1}


def test_what_wecom_has_not_heard_of_is_taken_back(cast: Cast) -> None:
    a_friend(cast.lin, 1, member=cast.chen)
    handover = a_hand_over(cast.lin, cast.zhou)
    HandOver.objects.filter(pk=handover.pk).update(
        state=HandOverState.DECIDED, decided_at=timezone.now(), has_resigned=False
    )
    assert plan_transfers(handover.pk, by=TESTER) == 1
    assert plan_transfers(handover.pk, by=TESTER) == 0
    assert stop_transfers(handover.pk, by=TESTER) == 1
    assert states_of(handover) == {"kept": 1}


def test_printed_codes_lead_to_the_successor(cast: Cast, wecom: Sandbox) -> None:
    code = a_channel_code(cast.lin)
    own = a_channel_code(cast.zhou)
    decided(a_hand_over(cast.lin, cast.zhou))
    record_leaving(cast.lin, on=timezone.localdate(), by=TESTER)
    found = code_by_token(code.token)
    assert found is not None
    assert found.guide == cast.zhou
    # Her own screen shows her own codes only.
    assert list(codes_of(cast.zhou)) == [own]
    assert ChannelCode.objects.get(pk=code.pk).handed_from == cast.lin


@pytest.mark.parametrize("lost", [True, False])
def test_callbacks_are_only_hints(cast: Cast, wecom: Sandbox, lost: bool) -> None:
    friend = a_friend(cast.lin, 1, member=cast.chen, wecom=wecom)
    handover = decided(a_hand_over(cast.lin, cast.zhou))
    wecom.post("clock", advance_seconds=86_401)
    if not lost:
        assert look_at_due() == 0
        customer_changed(
            DomainEvent(
                kind="wecom.change_external_contact.add_external_contact",
                payload={"external_userid": friend.external_userid, "userid": "zhouning"},
            )
        )
        assert look_at_due() == 1
    else:
        look_now()
    assert states_of(handover) == {"done": 1}
