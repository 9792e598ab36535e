"""Reads of the ledger: what a receipt says, which numbers are one person, what a member bought."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from itertools import starmap
from typing import Final, NamedTuple

from django.db import connection
from django.db.models import BooleanField, F, Func, Q, QuerySet
from django.db.models.expressions import RawSQL
from django.db.models.functions import Collate, Least

from stores.ledger.models import MergedMember, PurchaseLine, ReceiptKey, ReceiptMember

Key = tuple[str, int]
# There are few sources and very many receipts: DISTINCT would read them all.
_SOURCES: Final = """
WITH RECURSIVE known AS (
  (SELECT source FROM stores_receiptkey ORDER BY source LIMIT 1)
  UNION ALL
  SELECT (SELECT r.source FROM stores_receiptkey r WHERE r.source > k.source
          ORDER BY r.source LIMIT 1)
  FROM known k WHERE k.source IS NOT NULL
)
SELECT source FROM known WHERE source IS NOT NULL
"""


class SoldLine(NamedTuple):
    """A purchase line as judgements read it by the thousand: no model behind it.

    `at` is when it was sold as far as we believe the till: not after we heard of it.
    """

    pk: int
    source: str
    receipt_no: str
    line: int
    sku: str
    quantity: int
    amount: int
    currency: str
    refund_of: str
    member_no: int | None
    store_no: int
    served_by_no: int | None
    at: datetime


def sold_lines(lines: QuerySet[PurchaseLine]) -> list[SoldLine]:
    """These lines, in the order asked for."""
    at = Least("sold_at", "recorded_at")
    return list(starmap(SoldLine, lines.values_list(*SoldLine._fields[:-1], at)))


def sold_lines_of_keys(keys: Iterable[ReceiptKey]) -> list[SoldLine]:
    """The lines behind keys in the order of the tills' clocks, then of receipt and line."""
    in_order = ("sold_at", Collate("receipt_no", "C"), "line")
    return sold_lines(_behind({key.purchase_line: key.sold_at for key in keys}).order_by(*in_order))


def among(column: str, values: Iterable[int] | Iterable[str]) -> Q:
    """`column__in=values` with one array, where a parameter each takes its time by the thousand."""
    given = list(values)
    if not given:
        return Q(pk__in=[])
    kind = "text" if isinstance(given[0], str) else "bigint"
    return Q(_Among(F(column), RawSQL(f"%s::{kind}[]", [given])))  # noqa: S611 - one of these two


class _Among(Func):
    # Not a subquery: inside an OR, one of those has PostgreSQL read the whole table.
    template = "%(expressions)s)"
    arg_joiner = " = ANY ("
    output_field = BooleanField()


def keys_of(source: str, receipt_nos: Collection[str]) -> dict[Key, ReceiptKey]:
    """What is already known of these receipts, by (receipt_no, line)."""
    found = ReceiptKey.objects.filter(source=source, receipt_no__in=receipt_nos)
    return {(key.receipt_no, key.line): key for key in found}


def known_sources() -> set[str]:
    """Every source that has told a receipt: one step through the unique index for each."""
    with connection.cursor() as cursor:
        cursor.execute(_SOURCES)
        return {source for (source,) in cursor.fetchall()}


def keys_by_number(receipt_no: str) -> list[ReceiptKey]:
    """What any source told under a receipt's number: one look for all, by the unique index."""
    found = ReceiptKey.objects.filter(source__in=known_sources(), receipt_no=receipt_no)
    return list(found.order_by("source", "line"))


def lines_of_keys(keys: Iterable[ReceiptKey]) -> dict[int, PurchaseLine]:
    """The lines behind keys, by number; reads only the months in which they were sold."""
    found = _behind({key.purchase_line: key.sold_at for key in keys})
    return {line.pk: line for line in found}


def _behind(wanted: Mapping[int, datetime]) -> QuerySet[PurchaseLine]:
    if not wanted:
        return PurchaseLine.objects.none()
    moments = wanted.values()
    return PurchaseLine.objects.filter(
        among("id", wanted), sold_at__gte=min(moments), sold_at__lte=max(moments)
    )


def receipt_lines(source: str, receipt_no: str) -> list[PurchaseLine]:
    """A receipt's lines in order; empty when there is none."""
    keys = keys_of(source, [receipt_no]).values()
    return sorted(lines_of_keys(keys).values(), key=lambda line: line.line)


def late_members(source: str, receipt_nos: Collection[str]) -> dict[str, int]:
    """The members joined afterwards to receipts that were recorded without one."""
    found = ReceiptMember.objects.filter(among("receipt_no", receipt_nos), source=source)
    return dict(found.values_list("receipt_no", "member_no"))


def present_numbers(member_nos: Collection[int]) -> dict[int, int]:
    """For each number the number of the person it means today, following merges to the end."""
    present = {number: number for number in member_nos}
    open_ends = set(present)
    while open_ends:
        steps = dict(
            MergedMember.objects.filter(among("member_no", open_ends), undone_at=None).values_list(
                "member_no", "into_no"
            )
        )
        # A circle would be a fault of whoever merged; following it once around ends here.
        moved = {n: steps[end] for n, end in present.items() if end in steps and steps[end] != n}
        present.update(moved)
        open_ends = set(moved.values())
    return present


def numbers_of(present_nos: Collection[int]) -> dict[int, set[int]]:
    """For each present number all numbers that mean the same person, itself among them."""
    person_of = {number: number for number in present_nos}
    fresh = set(person_of)
    while fresh:
        steps = MergedMember.objects.filter(among("into_no", fresh), undone_at=None).values_list(
            "member_no", "into_no"
        )
        added = {old: person_of[into] for old, into in steps if old not in person_of}
        person_of.update(added)
        fresh = set(added)
    numbers: dict[int, set[int]] = defaultdict(set)
    for number, person in person_of.items():
        numbers[person].add(number)
    return dict(numbers)


def receipts_of_numbers(numbers: Collection[int], *, since: datetime) -> list[tuple[str, str]]:
    """(source, receipt_no) of everything these numbers bought since, late-joined receipts too."""
    bought = PurchaseLine.objects.filter(member_no__in=numbers, sold_at__gte=since)
    late = ReceiptMember.objects.filter(member_no__in=numbers)
    pairs = set(bought.values_list("source", "receipt_no").distinct())
    pairs |= set(late.values_list("source", "receipt_no"))
    return sorted(pairs)


def refunds_of(sales: Iterable[tuple[str, str, int]]) -> QuerySet[ReceiptKey]:
    """The keys of lines that take back any of these sale lines (source, receipt_no, line)."""
    wanted = Q(pk__in=[])
    by_source: dict[str, list[str]] = defaultdict(list)
    for source, receipt_no, line in sales:
        by_source[source].append(f"{receipt_no}/{line}")
    for source, names in by_source.items():
        wanted |= Q(source=source) & among("refund_of", names)
    return ReceiptKey.objects.filter(wanted).exclude(refund_of="").order_by(F("sold_at"), "pk")
