"""Whose figures somebody may look at: fetched and authorised in one step."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.http import Http404

from stores.conversions.models import Credit
from stores.ledger.queries import refunds_of
from stores.org.access import guide_for, guides_in_scope
from stores.org.models import Guide, Role, Store


@dataclass(frozen=True, slots=True)
class Subject:
    """One guide, or all of some stores; what is counted is filtered by it."""

    title: str
    guide_no: int | None = None
    store_nos: frozenset[int] = frozenset()

    @property
    def facts(self) -> dict[str, Any]:
        """The filter for touches and credits alike."""
        if self.guide_no is not None:
            return {"guide_no": self.guide_no}
        return {"store_no__in": self.store_nos}


def subject_for(guide: Guide, asked: uuid.UUID | None) -> Subject:
    """Herself, or for a manager her stores or one of their guides. Raises Http404."""
    if asked is not None:
        found = guide_for(guide, asked)
        return Subject(title="你" if found.pk == guide.pk else found.name, guide_no=found.pk)
    if guide.role == Role.GUIDE:
        return Subject(title="你", guide_no=guide.pk)
    if guide.role == Role.STORE_MANAGER:
        return Subject(guide.store.name, store_nos=frozenset({guide.store_id}))
    stores = Store.objects.filter(region=guide.store.region_id).values_list("pk", flat=True)
    return Subject(guide.store.region.name, store_nos=frozenset(stores))


def colleagues_of(guide: Guide) -> list[Guide]:
    """Whose figures a manager may choose from; nobody for a guide."""
    if guide.role == Role.GUIDE:
        return []
    return [other for other in guides_in_scope(guide) if other.role == Role.GUIDE]


def credits_of_receipt(source: str, receipt_no: str) -> list[Credit]:
    """A receipt's credits as far as the scope around us reaches. Raises Http404 without any."""
    found = list(
        Credit.objects.filter(source=source, receipt_no=receipt_no)
        .select_related("rule")
        .order_by("line", "guide_no")
    )
    if not found:
        raise Http404
    return found


def refunds_behind(credits: Collection[Credit]) -> list[Credit]:
    """The refunds' credits that take back from these sales, within the scope around us."""
    sales = {(c.source, c.receipt_no, c.line) for c in credits if not c.refund_of}
    keys = refunds_of(sales) if sales else []
    found = Credit.objects.filter(
        source__in={key.source for key in keys}, receipt_no__in={key.receipt_no for key in keys}
    )
    taken_back = {(source, f"{receipt_no}/{line}") for source, receipt_no, line in sales}
    rows = [credit for credit in found if (credit.source, credit.refund_of) in taken_back]
    return sorted(rows, key=lambda credit: (credit.sold_at, credit.receipt_no, credit.line))
