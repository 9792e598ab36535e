"""Reactions: a hand-over began or stopped, WeCom answered, something happened to a customer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from kit.actions import scope_of
from kit.actor import Actor
from kit.events import DomainEvent
from kit.fields import shown_id
from members.handover import actions
from members.handover.models import CustomerTransfer, TransferState
from members.handover.rules import WRONG_DOOR
from members.registration.channel_codes import hand_over_codes
from stores.org.inbound import look_at_account_again
from stores.org.models import HandOver, HandOverReason

US = Actor.system("hand-overs")


def hand_over_begun(event: DomainEvent) -> None:
    """Her customers pass on: in WeCom where they are friends, at once where they are not."""
    handover_id = int(event.payload["handover"])
    actions.plan_transfers(handover_id, by=US)
    while actions.take_over_strangers(handover_id, by=US):
        pass


def codes_pass_on(event: DomainEvent) -> None:
    """Codes that hang in the store lead to a successor from now on."""
    with scope_of(US):
        handover = HandOver.objects.select_related("store").get(pk=event.payload["handover"])
        share = (
            handover.shares.filter(successor__store=handover.store_id).first()
            or handover.shares.first()
        )
    if handover.is_leave or share is None:
        return
    moves = handover.reason == HandOverReason.MOVED
    hand_over_codes(
        handover.guide_id,
        share.successor_id,
        store_id=handover.store_id if moves else None,
        hand_over=shown_id(handover.public_id),
        by=US,
    )


def hand_over_stopped(event: DomainEvent) -> None:
    """Nothing more is asked of WeCom."""
    handover_id = int(event.payload["handover"])
    actions.stop_transfers(handover_id, by=US)
    while actions.take_over_strangers(handover_id, by=US):
        pass


def batch_answered(event: DomainEvent) -> None:
    """WeCom took a call, and says of each customer whether she passes on."""
    answer = event.payload.get("answer") or {}
    once = str(event.payload["once"])
    if "rows" in answer:
        _look_at_door(once, answer["rows"].values())
        actions.note_answer(once, answer["rows"], by=US)
    else:
        # HQ's word on a doubtful call, or "was done before": WeCom's list says for whom.
        actions.look_for_batch(once, by=US)


def batch_refused(event: DomainEvent) -> None:
    """WeCom refused a whole call, or it came too late."""
    _look_at_door(str(event.payload["once"]), [event.payload.get("code")])
    actions.note_refusal(
        str(event.payload["once"]),
        error=str(event.payload.get("error") or "没有提交给企业微信"),
        code=event.payload.get("code"),
        by=US,
    )


def batch_doubtful(event: DomainEvent) -> None:
    """Nobody knows whether WeCom took a call; its list of transfers does."""
    actions.look_for_batch(str(event.payload["once"]), by=US)


def _look_at_door(once: str, codes: Iterable[Any]) -> None:
    """Has WeCom refused because the guide's account was closed, or opened, meanwhile?"""
    if WRONG_DOOR.isdisjoint(codes):
        return
    with scope_of(US):
        asked = CustomerTransfer.objects.filter(batch=once, state=TransferState.ASKED)
        handover_id = asked.values_list("hand_over", flat=True).first()
    if handover_id is not None:
        look_at_account_again(handover_id)


def customer_changed(event: DomainEvent) -> None:
    """She refused, or came or went: if she is passing on, WeCom is asked how far."""
    actions.look_soon(str(event.payload["external_userid"]), by=US)
