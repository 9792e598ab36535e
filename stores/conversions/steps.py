"""How credits are made from facts inside an action: gather, compute, write the difference."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from itertools import chain
from typing import Any

from django.db import connection
from django.db.models import Q
from django.utils import timezone

from kit.actions import must_be_in_action
from stores.conversions.evidence import Evidence, gather
from stores.conversions.models import Credit, CreditRule
from stores.conversions.models_of_rulings import Ruling
from stores.conversions.rules import (
    FIRST_TERMS,
    Sale,
    Share,
    Terms,
    past_of,
    read_terms,
    share_by_past,
    share_by_ruling,
    take_back,
)
from stores.ledger.models import ReceiptKey
from stores.ledger.queries import SoldLine, among, late_members, refunds_of, sold_lines_of_keys
from stores.org.queries import OpenHours

Receipts = Sequence[tuple[str, str]]
SaleKey = tuple[str, str, int]
# Guide → what is left to her of a sale after its refunds.
Kept = dict[int, int]
_LOCK = "credits of a receipt"
_FIRST_RULE_LOCK = "the first credit rule"
_ALWAYS = datetime(2000, 1, 1, tzinfo=UTC)
_COMPARED = (
    "source",
    "receipt_no",
    "line",
    "sku",
    "quantity",
    "line_amount",
    "refund_of",
    "member_no",
    "store_no",
    "amount",
    "kept",
    "was_open",
    "currency",
    "sold_at",
    "reason",
    "touches",
)


@dataclass(frozen=True)
class _Facts:
    """Everything the judgement of some sales needs, read after their locks were taken."""

    sales: Sequence[SoldLine]
    refunds: dict[SaleKey, list[SoldLine]]
    late: dict[tuple[str, str], int]
    evidence: Evidence
    rules: list[tuple[CreditRule, Terms]]
    rulings: dict[SaleKey, dict[int, int]]

    def rule_at(self, at: datetime) -> tuple[CreditRule, Terms]:
        """The rule that held at a moment; the first of a house reaches back to any."""
        return next(each for each in self.rules if each[0].effective_from <= at)


def sales_behind(receipts: Receipts) -> set[SaleKey]:
    """The sale lines of these receipts, and those that their refund lines take back. A step.

    A refund's sale is named even when the ledger does not know it yet: its lock is taken all the
    same, so that the sale cannot arrive unseen in this moment.
    """
    must_be_in_action()
    sales: set[SaleKey] = set()
    for key in ReceiptKey.objects.filter(_these(receipts)):
        if key.refund_of:
            receipt_no, _, line = key.refund_of.rpartition("/")
            sales.add((key.source, receipt_no, int(line)))
        else:
            sales.add((key.source, key.receipt_no, key.line))
    return sales


def judge(sales: Iterable[SaleKey]) -> list[Credit]:
    """Make the credits of sales and their refunds what the facts say; what changed. A step."""
    must_be_in_action()
    wanted = sorted(set(sales))
    _lock(wanted)
    facts = _read(wanted)
    hours = OpenHours({sale.store_no for sale in facts.sales})
    target: list[Credit] = []
    for sale in facts.sales:
        target += _credits_of(sale, facts, was_open=hours.was_open(sale.store_no, sale.at))
    # A refund whose sale is not known waits without a credit. One that has credits had a sale, and
    # its sale ended after five years: what was taken back stays taken back.
    concerned = [*facts.sales, *chain.from_iterable(facts.refunds.values())]
    return _write_difference([line.pk for line in concerned], target)


def judged_beside(
    sales: Sequence[SoldLine], rule: CreditRule
) -> Iterator[tuple[SoldLine, Kept, Kept]]:
    """What guides keep of each sale as it is judged now, and as `rule` alone would. A step.

    Nothing is locked or written: what changes meanwhile is judged again by whoever changed it.
    """
    must_be_in_action()
    terms = read_terms(rule.terms)
    back = refunds_of((sale.source, sale.receipt_no, sale.line) for sale in sales)
    facts = _around(sales, sold_lines_of_keys(back), beside=[terms])
    for sale in sales:
        now, then = _shared(sale, facts, facts.rule_at(sale.at)[1], terms)
        yield sale, _kept(*now), _kept(*then)


def _lock(sales: Sequence[SaleKey]) -> None:
    """One judge at a time per receipt, always in the same order. Facts are read afterwards."""
    keys = sorted({_lock_key(_LOCK, source, receipt_no) for source, receipt_no, _ in sales})
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_advisory_xact_lock(key)) FROM"
            " (SELECT unnest(%s::bigint[]) AS key ORDER BY 1) AS ordered",
            [keys],
        )


def _lock_key(*words: str) -> int:
    return int.from_bytes(sha256("|".join(words).encode()).digest()[:8], "big", signed=True)


def _these(receipts: Iterable[tuple[str, str]]) -> Q:
    by_source: dict[str, list[str]] = defaultdict(list)
    for source, receipt_no in receipts:
        by_source[source].append(receipt_no)
    chosen = Q(pk__in=[])
    for source, numbers in by_source.items():
        chosen |= Q(source=source) & among("receipt_no", numbers)
    return chosen


def _read(wanted: Sequence[SaleKey]) -> _Facts:
    names = set(wanted)
    keys = [
        key
        for key in ReceiptKey.objects.filter(_these([(s, r) for s, r, _ in wanted]))
        if (key.source, key.receipt_no, key.line) in names and not key.refund_of
    ]
    lines = sold_lines_of_keys([*keys, *refunds_of(wanted)])
    return _around(
        [line for line in lines if not line.refund_of], [line for line in lines if line.refund_of]
    )


def _around(
    sales: Sequence[SoldLine], back: Sequence[SoldLine], *, beside: Sequence[Terms] = ()
) -> _Facts:
    """The facts about sales, given the lines that take back from them, in order."""
    known = {(sale.source, sale.receipt_no, sale.line) for sale in sales}
    refunds: dict[SaleKey, list[SoldLine]] = defaultdict(list)
    for line in back:
        receipt_no, _, number = line.refund_of.rpartition("/")
        sale_key = (line.source, receipt_no, int(number))
        if sale_key in known:
            refunds[sale_key].append(line)
    late = _late((sale.source, sale.receipt_no) for sale in sales if sale.member_no is None)
    rules = _rules(sales)
    return _Facts(
        sales=sales,
        refunds=refunds,
        late=late,
        evidence=gather(
            [(_buyer(sale, late), sale.at) for sale in sales],
            [*(terms for _, terms in rules), *beside],
        ),
        rules=rules,
        rulings=_rulings((sale.source, sale.receipt_no) for sale in sales),
    )


def _rulings(receipts: Iterable[tuple[str, str]]) -> dict[SaleKey, dict[int, int]]:
    """What was decided about lines of these receipts; of two rulings the later counts."""
    return {
        (row.source, row.receipt_no, row.line): dict(zip(row.guides, row.parts, strict=True))
        for row in Ruling.objects.filter(_these(receipts)).order_by("pk")
    }


def _shared(
    sale: SoldLine, facts: _Facts, *rules: Terms
) -> list[tuple[list[Share], list[list[Share]]]]:
    """A sale's shares by each of some rules, and what each of its refunds takes back of them."""
    key = (sale.source, sale.receipt_no, sale.line)
    ruling = facts.rulings.get(key)
    if ruling is not None:
        shared = [share_by_ruling(sale.amount, ruling)] * len(rules)
    else:
        buyer = facts.evidence.person_of(_buyer(sale, facts.late))
        owners = facts.evidence.owners_of(buyer)
        past = past_of(sale.at, facts.evidence.touches_of(buyer), owners)
        told = Sale(sale.amount, sale.at, sale.served_by_no)
        shared = [share_by_past(told, past, owners, terms) for terms in rules]
    refunds = [refund.amount for refund in facts.refunds.get(key, ())]
    return [(shares, take_back(shares, refunds)) for shares in shared]


def _kept(shares: Sequence[Share], taken: Iterable[Sequence[Share]]) -> Kept:
    """What refunds leave to each guide."""
    left = {share.guide: share.amount for share in shares}
    for share in chain.from_iterable(taken):
        left[share.guide] += share.amount
    return left


def _credits_of(sale: SoldLine, facts: _Facts, *, was_open: bool | None) -> list[Credit]:
    """The credits of a sale line and of its refunds, by the rule that held when it was sold."""
    rule, terms = facts.rule_at(sale.at)
    ((shares, taken),) = _shared(sale, facts, terms)
    # A refund is credited in the store that was credited for the sale, when it is taken back.
    same: dict[str, Any] = {
        "rule": rule,
        "member_no": facts.evidence.person_of(_buyer(sale, facts.late)),
        "store_no": sale.store_no,
        "was_open": was_open,
    }
    left = _kept(shares, taken)
    made = [_row(sale, share, kept=left[share.guide], **same) for share in shares]
    refunds = facts.refunds.get((sale.source, sale.receipt_no, sale.line), [])
    for refund, parts in zip(refunds, taken, strict=True):
        made += [_row(refund, share, kept=0, **same) for share in parts]
    return made


def _row(line: SoldLine, share: Share, **said: Any) -> Credit:
    return Credit(
        purchase_line=line.pk,
        source=line.source,
        receipt_no=line.receipt_no,
        line=line.line,
        sku=line.sku,
        quantity=line.quantity,
        line_amount=line.amount,
        refund_of=line.refund_of,
        guide_no=share.guide,
        amount=share.amount,
        currency=line.currency,
        sold_at=line.at,
        reason=share.reason,
        touches=list(share.touches),
        **said,
    )


def _write_difference(lines: Sequence[int], target: Sequence[Credit]) -> list[Credit]:
    """Delete, change and insert only what differs; the rows concerned."""
    before = {
        (row.purchase_line, row.guide_no, row.rule_id): row
        for row in Credit.objects.filter(purchase_line__in=lines)
    }
    after = {(row.purchase_line, row.guide_no, row.rule_id): row for row in target}
    gone = [row for key, row in before.items() if key not in after]
    fresh = [row for key, row in after.items() if key not in before]
    altered = []
    for key in before.keys() & after.keys():
        old, new = before[key], after[key]
        if any(getattr(old, name) != getattr(new, name) for name in _COMPARED):
            new.pk = old.pk
            altered.append(new)
    if gone:
        Credit.objects.filter(pk__in=[row.pk for row in gone]).delete()
    if altered:
        Credit.objects.bulk_update(altered, [*_COMPARED, "judged_at"])
    Credit.objects.bulk_create(fresh, batch_size=1000)
    return [*gone, *altered, *fresh]


def _rules(sales: Sequence[SoldLine]) -> list[tuple[CreditRule, Terms]]:
    """The approved rules, newest first; the house's own first rule where none reaches back."""
    if not sales:
        return []
    oldest = min(sale.at for sale in sales)
    approved = CreditRule.objects.exclude(approved_at=None).order_by("-effective_from", "-pk")
    found = list(approved)
    if not found or found[-1].effective_from > oldest:
        found.append(_first_rule())
    return [(rule, read_terms(rule.terms)) for rule in found]


def _first_rule() -> CreditRule:
    """The rule of a house that has not written one yet. Two judges at once make one row."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_lock_key(_FIRST_RULE_LOCK)])
    rule, _ = CreditRule.objects.get_or_create(
        effective_from=_ALWAYS,
        defaults={
            "name": "专属导购优先，30 天内有互动",
            "terms": FIRST_TERMS,
            "approved_at": timezone.now(),
            "proposed_by": "system:system",
        },
    )
    return rule


def _late(receipts: Iterable[tuple[str, str]]) -> dict[tuple[str, str], int]:
    by_source: dict[str, set[str]] = defaultdict(set)
    for source, receipt_no in receipts:
        by_source[source].add(receipt_no)
    return {
        (source, receipt_no): member_no
        for source, numbers in by_source.items()
        for receipt_no, member_no in late_members(source, numbers).items()
    }


def _buyer(line: SoldLine, late: Mapping[tuple[str, str], int]) -> int | None:
    if line.member_no is not None:
        return line.member_no
    return late.get((line.source, line.receipt_no))
