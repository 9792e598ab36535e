"""What the judge reacts to: facts of the ledger, in whatever order they came to be known."""

from __future__ import annotations

from datetime import UTC, datetime

from kit.actor import Actor
from kit.events import DomainEvent
from stores.conversions.actions import judge_member, judge_receipts

_EVER = datetime(2000, 1, 1, tzinfo=UTC)


def judge_claimed_receipt(event: DomainEvent) -> None:
    """`receipt_claimed`: her touches and her owner count now; `receipt_ruled`: the ruling does."""
    told = event.payload
    judge_receipts([(told["source"], told["receipt_no"])], by=Actor.system(event.kind))


def judge_recorded_purchases(event: DomainEvent) -> None:
    """`purchases_recorded`, `purchases_imported`: credit the receipts and what they take back."""
    source = event.payload["source"]
    receipts = [(source, receipt_no) for receipt_no in event.payload["receipts"]]
    judge_receipts(receipts, by=Actor.system(event.kind))


def judge_after_touch(event: DomainEvent) -> None:
    """`touch_recorded`, `owner_set`: what she bought since may be credited otherwise now."""
    told = event.payload
    if told.get("member_no") is None:
        return
    since = datetime.fromisoformat(told["at"])
    judge_member(told["member_no"], since=since, by=Actor.system(event.kind))


def judge_after_merge(event: DomainEvent) -> None:
    """`numbers_merged`, `numbers_parted`: whose touches count as whose has changed."""
    for number in (event.payload["member_no"], event.payload["into_no"]):
        judge_member(number, since=_EVER, by=Actor.system(event.kind))
