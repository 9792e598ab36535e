"""Who may arrange and decide a hand-over, and that deciding happens once and to what was seen."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.http import Http404
from django.utils import timezone

from kit.events import DomainEvent
from stores.org.access import actor_of, actor_of_guide, hand_over_for
from stores.org.actions import record_leaving, record_moving
from stores.org.endings import end_what_is_done
from stores.org.errors import (
    AlreadyDecided,
    BackBeforeGone,
    ChangedMeanwhile,
    MessageTooLong,
    NoSuccessor,
    OneStandIn,
    WrongSuccessor,
)
from stores.org.handing_over import (
    Terms,
    arrange_hand_over,
    decide_hand_over,
    propose_hand_over,
    stop_hand_over,
)
from stores.org.inbound import propose_for_gone
from stores.org.models import Account, Guide, HandOver, HandOverReason, HandOverState
from stores.org.queries import stand_in_of, stands_in_for
from tests.cast import Cast, a_guide, a_store
from tests.members.builders import TESTER, run_handlers

LEFT, MOVED, LEAVE = HandOverReason.LEFT, HandOverReason.MOVED, HandOverReason.LEAVE


def proposed(guide: Guide, reason: HandOverReason = LEFT) -> HandOver:
    return propose_hand_over(guide.pk, reason=reason, by=TESTER)


def arranged(guide: Guide, *successors: Guide, reason: HandOverReason = LEFT) -> HandOver:
    return arrange_hand_over(
        proposed(guide, reason).pk,
        shares={one.pk: 1 for one in successors},
        terms=Terms(),
        by=TESTER,
    )


def test_what_lies_on_the_table_is_given_back(cast: Cast) -> None:
    assert proposed(cast.lin) == proposed(cast.lin)
    # A leave is another matter.
    assert proposed(cast.lin, LEAVE) != proposed(cast.lin)
    assert HandOver.objects.count() == 2


def test_leaving_moving_and_being_gone_each_propose(cast: Cast) -> None:
    record_leaving(cast.lin, on=timezone.localdate(), by=TESTER)
    record_leaving(cast.lin, on=timezone.localdate(), by=TESTER)
    cast.zhou.store = cast.wangjing
    record_moving(cast.zhou, from_store=cast.guomao.pk, by=TESTER)
    run_handlers()
    found = HandOver.objects.order_by("pk").values_list("guide", "reason", "store", "state")
    assert list(found) == [
        (cast.lin.pk, "left", cast.guomao.pk, "proposed"),
        (cast.zhou.pk, "moved", cast.guomao.pk, "proposed"),
    ]


def test_who_leaves_before_her_move_is_decided_takes_nobody_along(cast: Cast) -> None:
    moving = arranged(cast.lin, cast.zhou, reason=MOVED)
    record_leaving(cast.lin, on=timezone.localdate(), by=TESTER)
    run_handlers()
    left = HandOver.objects.get()
    assert (left.pk, left.reason, left.version) == (moving.pk, "left", moving.version + 1)


def test_who_leaves_while_she_moves_is_asked_about_again_after_it(cast: Cast) -> None:
    moving = arranged(cast.lin, cast.zhou, reason=MOVED)
    decide_hand_over(moving.pk, version=moving.version, by=TESTER)
    record_leaving(cast.lin, on=timezone.localdate(), by=TESTER)
    run_handlers()
    assert HandOver.objects.exclude(pk=moving.pk).count() == 0
    stop_hand_over(moving.pk, by=TESTER)
    run_handlers()
    again = HandOver.objects.exclude(pk=moving.pk).get()
    assert (again.reason, again.state) == ("left", "proposed")


def test_an_account_that_goes_later_asks_nobody_again(cast: Cast) -> None:
    record_leaving(cast.lin, on=timezone.localdate(), by=TESTER)
    run_handlers()
    stop_hand_over(HandOver.objects.get().pk, by=TESTER)
    propose_for_gone(DomainEvent(kind="staff_gone", payload={"userid": "LinXiao"}))
    assert HandOver.objects.count() == 1


def test_who_waits_for_weeks_keeps_nobody_from_ending(cast: Cast) -> None:
    waits = arranged(cast.lin, cast.zhou)
    back = arranged(cast.zhou, cast.lin, reason=LEAVE)
    for one in (waits, back):
        decide_hand_over(one.pk, version=one.version, by=TESTER)
    HandOver.objects.filter(pk=back.pk).update(ends_at=timezone.now() - timedelta(minutes=1))
    assert end_what_is_done(limit=1) == 1
    back.refresh_from_db()
    assert back.state == HandOverState.ENDED


def test_a_guide_decides_about_nobody(cast: Cast) -> None:
    by = actor_of_guide(Guide.objects.select_related("account", "store").get(pk=cast.zhou.pk))
    handover = arranged(cast.lin, cast.zhou)
    with pytest.raises(Http404):
        propose_hand_over(cast.lin.pk, reason=LEAVE, by=by)
    with pytest.raises(Http404):
        arrange_hand_over(handover.pk, shares={cast.zhou.pk: 1}, terms=Terms(), by=by)
    with pytest.raises(Http404):
        decide_hand_over(handover.pk, version=handover.version, by=by)
    with pytest.raises(Http404):
        stop_hand_over(handover.pk, by=by)
    with pytest.raises(Http404):
        hand_over_for(by, handover.public_id)


def test_a_manager_decides_about_her_store_only(cast: Cast) -> None:
    by = actor_of_guide(Guide.objects.select_related("account", "store").get(pk=cast.manager.pk))
    handover = arranged(cast.lin, cast.zhou)
    assert decide_hand_over(handover.pk, version=handover.version, by=by)
    with pytest.raises(Http404):
        propose_hand_over(cast.ma.pk, reason=LEFT, by=by)
    # Nor does she send customers to a store she does not answer for.
    other = a_store("三里屯店", code="S003", region=cast.west, entity=cast.entity)
    far = a_guide("远方", other, employee_no="G010")
    second = propose_hand_over(cast.zhou.pk, reason=LEFT, by=by)
    with pytest.raises(WrongSuccessor):
        arrange_hand_over(second.pk, shares={far.pk: 1}, terms=Terms(), by=by)


def test_head_office_decides_about_its_regions(cast: Cast) -> None:
    clerk = Account.objects.create_user("west", "a-long-password-west", name="小李", is_staff=True)
    clerk.regions.add(cast.west)
    handover = arranged(cast.lin, cast.zhou)
    with pytest.raises(Http404):
        hand_over_for(actor_of(clerk), handover.public_id)
    clerk.regions.set([cast.east])
    assert hand_over_for(actor_of(clerk), handover.public_id) == handover


@pytest.mark.parametrize("who", ["herself", "other_entity", "unbound", "gone"])
def test_who_cannot_take_over(cast: Cast, who: str) -> None:
    unbound = a_guide("新人", cast.guomao, employee_no="G011", wecom_userid=None)
    gone = a_guide("走了", cast.guomao, employee_no="G012")
    record_leaving(gone, on=timezone.localdate(), by=TESTER)
    people = {"herself": cast.lin, "other_entity": cast.ma, "unbound": unbound, "gone": gone}
    with pytest.raises(WrongSuccessor):
        arranged(cast.lin, people[who])


def test_a_successor_who_leaves_meanwhile_is_noticed(cast: Cast) -> None:
    handover = arranged(cast.lin, cast.zhou)
    record_leaving(cast.zhou, on=timezone.localdate(), by=TESTER)
    with pytest.raises(WrongSuccessor):
        decide_hand_over(handover.pk, version=handover.version, by=TESTER)


def test_what_is_decided_is_what_was_seen(cast: Cast) -> None:
    seen = arranged(cast.lin, cast.zhou)
    arrange_hand_over(seen.pk, shares={cast.manager.pk: 1}, terms=Terms(), by=TESTER)
    with pytest.raises(ChangedMeanwhile):
        decide_hand_over(seen.pk, version=seen.version, by=TESTER)
    seen.refresh_from_db()
    assert decide_hand_over(seen.pk, version=seen.version, by=TESTER)
    assert not decide_hand_over(seen.pk, version=seen.version, by=TESTER)
    assert DomainEvent.objects.filter(kind="handover_decided").count() == 1
    with pytest.raises(AlreadyDecided):
        arrange_hand_over(seen.pk, shares={cast.zhou.pk: 1}, terms=Terms(), by=TESTER)


def test_nobody_chosen_nothing_decided(cast: Cast) -> None:
    handover = proposed(cast.lin)
    with pytest.raises(NoSuccessor):
        decide_hand_over(handover.pk, version=handover.version, by=TESTER)


def test_words_with_names_filled_in_have_two_hundred_characters(cast: Cast) -> None:
    handover = proposed(cast.lin)
    fits = "好" * 198 + "{继任者}"
    arrange_hand_over(handover.pk, shares={cast.zhou.pk: 1}, terms=Terms(message=fits), by=TESTER)
    with pytest.raises(MessageTooLong):
        arrange_hand_over(
            handover.pk,
            shares={cast.zhou.pk: 1},
            terms=Terms(message=fits + "！"),
            by=TESTER,
        )


def test_somebody_stands_in_until_she_is_back(cast: Cast) -> None:
    now = timezone.now()
    with pytest.raises(OneStandIn):
        arranged(cast.lin, cast.zhou, cast.manager, reason=LEAVE)
    handover = proposed(cast.lin, LEAVE)
    with pytest.raises(BackBeforeGone):
        arrange_hand_over(
            handover.pk, shares={cast.zhou.pk: 1}, terms=Terms(ends_at=now), by=TESTER
        )
    back = now + timedelta(days=7)
    handover = arrange_hand_over(
        handover.pk, shares={cast.zhou.pk: 1}, terms=Terms(ends_at=back), by=TESTER
    )
    assert stand_in_of(cast.lin.pk, now) is None
    decide_hand_over(handover.pk, version=handover.version, by=TESTER)
    now = timezone.now()
    assert stand_in_of(cast.lin.pk, now) == cast.zhou
    assert stands_in_for(cast.zhou.pk, now) == [cast.lin]
    assert stand_in_of(cast.lin.pk, back) is None
    assert end_what_is_done() == 0
    HandOver.objects.filter(pk=handover.pk).update(ends_at=now)
    assert end_what_is_done() == 1
    handover.refresh_from_db()
    assert handover.state == HandOverState.ENDED
