"""Opening, answering, withdrawing and deciding disputes. A decision is a row beside the facts."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import IntegrityError, transaction

from kit.actions import action
from kit.actor import Actor
from kit.events import emit
from kit.fields import shown_id
from kit.live import announce
from stores.conversions.models_of_rulings import Ruling
from stores.disputes.errors import (
    NotForYou,
    NotHers,
    NothingToDispute,
    NotOpen,
    NoWords,
    OpenAlready,
    TooOld,
)
from stores.disputes.models import Dispute, DisputeParty, DisputeReason, DisputeState
from stores.disputes.queries import claimable, holders_of, is_for, shares_of
from stores.disputes.rules import TO_DECIDE, may_open, ruled_parts
from stores.ledger.models import ReceiptKey
from stores.org.models import Guide

_LONGEST = 1000


@action
def open_dispute(
    guide: Guide,
    receipt_no: str,
    *,
    reason: DisputeReason,
    text: str,
    touches: Collection[int],
    now: datetime,
    by: Actor,
) -> Dispute:
    """A guide says that a receipt is hers, with what she offers as evidence.

    `by` names her, with a scope that meets every receipt: she may be wrong about whose it is.
    Touches that are not hers, or not of this buyer, are left out. Raises NotHers, TooOld,
    NothingToDispute, OpenAlready, NoWords.
    """
    found = claimable(guide, receipt_no)
    if found is None:
        raise NotHers
    if not may_open(found.sold_at, now):
        raise TooOld
    holders = holders_of(found.source, found.receipt_no)
    if holders == [guide.pk]:
        raise NothingToDispute
    if not text.strip():
        raise NoWords
    dispute = _filed(
        Dispute(
            source=found.source, receipt_no=found.receipt_no, sold_at=found.sold_at,
            store=found.store, claimant=guide, reason=reason, text=text.strip()[:_LONGEST],
            touches=sorted(set(touches) & set(found.numbers)), opened_at=now,
            due_at=now + TO_DECIDE,
        ),
        holders,
    )  # fmt: skip
    _tell(dispute, "dispute_opened")
    return dispute


def _filed(dispute: Dispute, holders: Collection[int]) -> Dispute:
    """Write it with everybody concerned; the database refuses a second open one."""
    try:
        with transaction.atomic():
            dispute.save()
    except IntegrityError as error:
        raise OpenAlready from error
    DisputeParty.objects.bulk_create(
        DisputeParty(
            dispute=dispute,
            guide_id=number,
            store_no=dispute.store_id,
            is_claimant=number == dispute.claimant_id,
        )
        for number in sorted({dispute.claimant_id, *holders})
    )
    return dispute


@action
def answer_dispute(dispute: Dispute, *, guide: Guide, text: str, now: datetime, by: Actor) -> bool:
    """Somebody concerned says her side; said again, the new words count. Raises NotOpen, NoWords.

    False for who is not concerned, or claims it herself.
    """
    _locked(dispute)
    party = DisputeParty.objects.filter(dispute=dispute, guide=guide, is_claimant=False).first()
    if party is None:
        return False
    if not text.strip():
        raise NoWords
    party.answer, party.answered_at = text.strip()[:_LONGEST], now
    party.save(update_fields=["answer", "answered_at"])
    _tell(dispute, "dispute_answered")
    return True


@action
def withdraw_dispute(dispute: Dispute, *, guide: Guide, now: datetime, by: Actor) -> bool:
    """The claimant takes it back; False for anybody else. Raises NotOpen."""
    found = _locked(dispute)
    if found.claimant_id != guide.pk:
        return False
    found.state, found.decided_at, found.decided_by = DisputeState.WITHDRAWN, now, str(by)
    found.save(update_fields=["state", "decided_at", "decided_by"])
    _tell(found, "dispute_withdrawn")
    return True


@action
def decide_dispute(
    dispute: Dispute,
    *,
    percent: int,
    verdict: str,
    judge: Guide | None,
    name: str,
    now: datetime,
    by: Actor,
) -> Dispute:
    """Say how many per cent of the receipt are the claimant's; 0 leaves it as it is. For good.

    Writes a ruling for each sold line; what was settled already becomes an adjustment of the open
    month. `judge` is the deciding manager, None for HQ. Raises NotOpen (also for the later of two
    who decide at once), NotForYou, NoWords.
    """
    found = _locked(dispute)
    if not is_for(by.scope, judge, found):
        raise NotForYou
    if not verdict.strip() or not 0 <= percent <= 100:
        raise NoWords
    found.state = DisputeState.GRANTED if percent else DisputeState.REFUSED
    found.percent, found.verdict = percent, verdict.strip()[:_LONGEST]
    found.decided_at, found.decided_by, found.decided_name = now, str(by), name[:60]
    found.save(
        update_fields=[
            "state", "percent", "verdict", "decided_at", "decided_by", "decided_name",
        ]
    )  # fmt: skip
    if percent:
        _rule(found, percent, now, by)
        emit("receipt_ruled", source=found.source, receipt_no=found.receipt_no)
    _tell(found, "dispute_decided")
    return found


@action
def mark_seen(dispute: Dispute, *, guide: Guide, now: datetime, by: Actor) -> bool:
    """She has read the decision; False when there is none, or she read it before."""
    waiting = DisputeParty.objects.filter(dispute=dispute, guide=guide, seen_at=None)
    return bool(waiting.exclude(dispute__state=DisputeState.OPEN).update(seen_at=now))


def _rule(dispute: Dispute, percent: int, now: datetime, by: Actor) -> None:
    """A row for each line that was sold; lines that nobody has become the claimant's."""
    shares = shares_of(dispute.source, dispute.receipt_no)
    rows = []
    for line, now_held in _all_lines(dispute, shares).items():
        guides, parts = ruled_parts(now_held, dispute.claimant_id, percent)
        rows.append(
            Ruling(
                source=dispute.source, receipt_no=dispute.receipt_no, line=line,
                store_no=dispute.store_id, guides=list(guides), parts=list(parts), at=now,
                actor=str(by),
            )
        )  # fmt: skip
    Ruling.objects.bulk_create(rows)


def _all_lines(dispute: Dispute, shares: dict[int, dict[int, int]]) -> dict[int, dict[int, int]]:
    keys = ReceiptKey.objects.filter(
        source=dispute.source, receipt_no=dispute.receipt_no, refund_of=""
    )
    return {line: shares.get(line, {}) for line in keys.values_list("line", flat=True)}


def _locked(dispute: Dispute) -> Dispute:
    found = (
        Dispute.objects.select_for_update(of=("self",))
        .prefetch_related("parties__guide")
        .get(pk=dispute.pk)
    )
    if not found.is_open:
        raise NotOpen
    return found


def _tell(dispute: Dispute, kind: str) -> None:
    """Everybody concerned looks again; HQ's list of events has it too."""
    shown = shown_id(dispute.public_id)
    emit(kind, subject=f"dispute:{shown}", dispute=shown, store_no=dispute.store_id)
    guides = Guide.objects.filter(pk__in=dispute.parties.values("guide"))
    audiences = [f"guide.{shown_id(key)}" for key in guides.values_list("public_id", flat=True)]
    announce(*audiences, f"store.{shown_id(dispute.store.public_id)}", kind="dispute")
