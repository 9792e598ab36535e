"""Judging purchases: credits are computed from facts, written as a difference, never added up.

The unit is a sale line with all its refunds: their credits are made together, so any order of
arrival and any repetition ends in the same rows.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from kit.actions import action
from kit.actor import Actor
from kit.fields import shown_id
from kit.live import announce
from stores.conversions.errors import OwnRule, TooLate
from stores.conversions.models import Credit, CreditRule
from stores.conversions.rules import read_terms
from stores.conversions.steps import Receipts, judge, sales_behind
from stores.conversions.trying import must_be_tried
from stores.ledger.models import ReceiptKey
from stores.ledger.queries import numbers_of, present_numbers, receipts_of_numbers
from stores.org.models import Account, Guide

# So many screens are told at most; a recount of everything is not news to anybody.
_MOST_HINTS = 50


@dataclass(frozen=True, slots=True)
class Judged:
    """How far a recount came (None at the end) and how many credits it changed."""

    after: int | None
    changed: int


@action
def judge_receipts(receipts: Receipts, *, by: Actor) -> int:
    """Credit these receipts (source, receipt_no) anew; how many credits changed.

    Refunds among them are judged with their sale. A refund whose sale is unknown waits without a
    credit. Judging the same facts again changes nothing. Hints to the guides concerned.
    """
    changed = judge(sales_behind(receipts))
    _tell(changed)
    return len(changed)


@action
def judge_member(member_no: int, *, since: datetime, by: Actor) -> int:
    """Credit anew what the person behind a number bought since; for facts that came late."""
    person = present_numbers([member_no])[member_no]
    numbers = numbers_of([person])[person]
    receipts = receipts_of_numbers({*numbers, member_no}, since=since)
    changed = judge(sales_behind(receipts)) if receipts else []
    _tell(changed)
    return len(changed)


@action
def judge_next(after: int, *, size: int = 500, by: Actor) -> Judged:
    """Credit anew the receipts of the next keys of the ledger, for a recount of everything.

    Called again and again with its own answer; safe to stop and to repeat.
    """
    keys = list(
        ReceiptKey.objects.filter(pk__gt=after)
        .order_by("pk")
        .values_list("pk", "source", "receipt_no")[:size]
    )
    if not keys:
        return Judged(after=None, changed=0)
    receipts = sorted({(source, receipt_no) for _, source, receipt_no in keys})
    return Judged(after=keys[-1][0], changed=len(judge(sales_behind(receipts))))


@action
def propose_rule(*, name: str, terms: object, effective_from: datetime, by: Actor) -> CreditRule:
    """Write a rule down; it counts once somebody else approves it. Raises BadTerms."""
    read_terms(terms)
    return CreditRule.objects.create(
        name=name, terms=terms, effective_from=effective_from, proposed_by=str(by)
    )


@action
def approve_rule(rule: CreditRule, *, account: Account, by: Actor) -> bool:
    """Let a rule count for sales from its date on; False when it was approved before.

    Refuses the person who proposed it (OwnRule), a rule that would reach back (TooLate): what was
    credited under a rule is not credited under another afterwards; and one whose effect nobody
    has seen yet (Untried).
    """
    found = CreditRule.objects.select_for_update().get(pk=rule.pk)
    if found.approved_at is not None:
        return False
    if found.proposed_by == str(by):
        raise OwnRule
    now = timezone.now()
    if found.effective_from < now:
        raise TooLate
    must_be_tried(found, now)
    found.approved_at, found.approved_by = now, account
    found.save(update_fields=["approved_at", "approved_by"])
    return True


def _tell(changed: Sequence[Credit]) -> None:
    guides: Collection[int] = {credit.guide_no for credit in changed}
    if not 0 < len(guides) <= _MOST_HINTS:
        return
    audiences = [
        f"guide.{shown_id(public_id)}"
        for public_id in Guide.objects.filter(pk__in=guides).values_list("public_id", flat=True)
    ]
    announce(*audiences, kind="figures")
