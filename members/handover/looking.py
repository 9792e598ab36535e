"""Asks WeCom how far transfers are, and records what it says. Safe to repeat, also at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from django.utils import timezone

from kit.actions import action, scope_of
from kit.actor import Actor
from members.handover.models import CustomerTransfer, TransferState
from members.handover.rules import LOOK_EVERY, LOOK_SOON, TAKES_EFFECT
from members.handover.steps import befriend_successor, change_owner, tell
from wecom.gateway import TransferResult, WecomError, gateway_of

log = structlog.get_logger(__name__)

US = Actor.system("results of hand-overs")
# WeCom knows no such account (any more).
_NOBODY = {40003, 60111}
_NO_RECORD = "企业微信没有这次转接的记录，请另选接手人再试一次。"
_REFUSED = "客户拒绝了转接，仍是原导购的企微客户。"
_FULL = "接手的人的企微客户已满，请另选一位。"


@dataclass(frozen=True, slots=True)
class Pair:
    """Whose transfers WeCom is asked about, in one list of its own."""

    from_guide: int
    from_userid: str
    to_guide: int
    to_userid: str
    has_resigned: bool


def look_at_due(limit: int = 100) -> int:
    """Ask about every pair whose time has come; how many. One pair's fault is its own."""
    pairs = take_pairs(limit=limit, by=US)
    for pair in pairs:
        try:
            look(pair)
        except WecomError as error:
            log.warning(
                "transfers_not_read", pair=f"{pair.from_guide}:{pair.to_guide}", code=error.code
            )
    return len(pairs)


def look(pair: Pair) -> None:
    """Read WeCom's whole list of a pair and record it, a page at a time.

    Who was asked for before the guide's account was closed stands in WeCom's other list: it is read
    too when the first names not everybody. Who stands in neither is not passing on.
    """
    listed: set[str] = set()
    for has_resigned in (pair.has_resigned, not pair.has_resigned):
        listed |= _read(pair, has_resigned=has_resigned)
        with scope_of(US):
            if not _unlisted_among(pair, listed):
                return
    record_unlisted(pair, listed, by=US)


def _read(pair: Pair, *, has_resigned: bool) -> set[str]:
    """Record one of WeCom's two lists; whom it names. Of an account it does not know: nobody."""
    cursor = ""
    listed: set[str] = set()
    while True:
        try:
            page = gateway_of().transfer_results(
                pair.from_userid, pair.to_userid, has_resigned=has_resigned, cursor=cursor
            )
        except WecomError as error:
            if error.code not in _NOBODY:
                raise
            return listed
        record_results(pair, page.rows, by=US)
        listed |= {row.external_userid for row in page.rows}
        if not page.next_cursor:
            return listed
        cursor = page.next_cursor


def _unlisted_among(pair: Pair, listed: Collection[str]) -> list[int]:
    """Rows that WeCom took, or may have taken, a while ago and tells nothing of; their keys."""
    rows = CustomerTransfer.objects.filter(
        from_guide=pair.from_guide,
        to_guide=pair.to_guide,
        state__in=[TransferState.ASKED, TransferState.WAITING],
        # An answer minutes old may not stand in the list yet. While the outbox has the call, there
        # is no such moment.
        takes_effect_at__lte=timezone.now() + TAKES_EFFECT - LOOK_EVERY,
    ).values_list("pk", "contact__external_userid")
    return [key for key, address in rows if address not in listed]


@action
def take_pairs(*, limit: int, by: Actor) -> list[Pair]:
    """The pairs that are due, for one asker: their next look lies in the future from now on."""
    now = timezone.now()
    due = CustomerTransfer.objects.filter(
        state__in=[TransferState.ASKED, TransferState.WAITING], next_look_at__lte=now
    ).exclude(contact=None)
    keys = list(
        due.order_by("from_guide_id", "to_guide_id", "hand_over__has_resigned")
        .values_list(
            "from_guide_id",
            "from_guide__wecom_userid",
            "to_guide_id",
            "to_guide__wecom_userid",
            "hand_over__has_resigned",
        )
        .distinct()[:limit]
    )
    pairs = [
        Pair(from_guide, from_userid or "", to_guide or 0, to_userid or "", bool(resigned))
        for from_guide, from_userid, to_guide, to_userid, resigned in keys
    ]
    for pair in pairs:
        mine = due.filter(from_guide=pair.from_guide, to_guide=pair.to_guide)
        mine.filter(takes_effect_at__lte=now).update(next_look_at=now + LOOK_SOON)
        mine.filter(next_look_at__lte=now).update(next_look_at=now + LOOK_EVERY)
    return [pair for pair in pairs if pair.from_userid and pair.to_userid]


@action
def record_results(pair: Pair, results: Sequence[TransferResult], *, by: Actor) -> int:
    """Write what WeCom says of a pair's customers; how many found their end.

    Those whose end is known stay as they are, those we never asked for are not ours.
    """
    rows = {
        row.contact.external_userid: row
        for row in CustomerTransfer.objects.select_for_update(of=("self",))
        .select_related("contact", "hand_over__store", "to_guide__store", "from_guide")
        .filter(
            from_guide=pair.from_guide,
            to_guide=pair.to_guide,
            state__in=[TransferState.ASKED, TransferState.WAITING],
            contact__external_userid__in=[result.external_userid for result in results],
        )
        .order_by("pk")
        if row.contact is not None
    }
    by_state: dict[str, list[CustomerTransfer]] = defaultdict(list)
    now = timezone.now()
    for result in results:
        row = rows.get(result.external_userid)
        if row is None:
            continue
        by_state[result.state].append(row)
        row.takes_effect_at = result.takes_effect_at or row.takes_effect_at
    _finish(by_state["done"], now)
    _turn_down(by_state["refused"], TransferState.REFUSED, _REFUSED, now)
    _turn_down(by_state["full"], TransferState.FULL, _FULL, now)
    lost = [row for row in by_state["none"] if _was_taken(row, now)]
    _turn_down(lost, TransferState.FAILED, _NO_RECORD, now)
    _still_wait(by_state["waiting"])
    _tell_all(list(rows.values()))
    return len(by_state["done"]) + len(by_state["refused"]) + len(by_state["full"]) + len(lost)


def _was_taken(row: CustomerTransfer, now: datetime) -> bool:
    """WeCom took it, or may have, a while ago. While the outbox has the call, that knows better."""
    is_long_ago = row.takes_effect_at is not None and (
        row.takes_effect_at <= now + TAKES_EFFECT - LOOK_EVERY
    )
    return row.state == TransferState.WAITING or is_long_ago


@action
def record_unlisted(pair: Pair, listed: Collection[str], *, by: Actor) -> int:
    """Whom WeCom names in no list does not pass on: a person says what then. How many."""
    rows = list(
        CustomerTransfer.objects.select_for_update(of=("self",))
        .select_related("hand_over__store", "to_guide__store")
        .filter(
            pk__in=_unlisted_among(pair, listed),
            state__in=[TransferState.ASKED, TransferState.WAITING],
        )
        .order_by("pk")
    )
    _turn_down(rows, TransferState.FAILED, _NO_RECORD, timezone.now())
    _tell_all(rows)
    return len(rows)


def _finish(rows: Sequence[CustomerTransfer], now: datetime) -> None:
    """She is the successor's: owner, friendship and row. WeCom's moment counts, never a later."""
    by_moment: dict[datetime, list[CustomerTransfer]] = defaultdict(list)
    for row in rows:
        at = min(row.takes_effect_at or now, now)
        by_moment[max(at, row.asked_at or at)].append(row)
    for at, those in by_moment.items():
        to = those[0].to_guide
        if to is None:
            continue
        members = [row.contact.member_id for row in those if row.contact]
        from_guide = those[0].from_guide_id
        change_owner([no for no in members if no], from_guide=from_guide, to=to, at=at)
        contacts = [row.contact_id for row in those if row.contact_id is not None]
        befriend_successor(contacts, from_guide=from_guide, to=to, at=at)
        CustomerTransfer.objects.filter(pk__in=[row.pk for row in those]).update(
            state=TransferState.DONE, ended_at=at, takes_effect_at=at, next_look_at=None
        )


def _turn_down(
    rows: Sequence[CustomerTransfer], state: TransferState, words: str, now: datetime
) -> None:
    CustomerTransfer.objects.filter(pk__in=[row.pk for row in rows]).update(
        state=state, error=words, ended_at=now, next_look_at=None
    )


def _still_wait(rows: Sequence[CustomerTransfer]) -> None:
    for row in rows:
        row.state = TransferState.WAITING
    CustomerTransfer.objects.bulk_update(rows, ["state", "takes_effect_at"], batch_size=1000)


def _tell_all(rows: Sequence[CustomerTransfer]) -> None:
    if rows:
        guides = {row.to_guide for row in rows if row.to_guide is not None}
        tell(rows[0].hand_over, *guides)
