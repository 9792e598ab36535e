"""What a dispute is about: the receipt, who has it, what the claimant did; and who may decide."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from kit.actor import Scope
from stores.conversions.models import Credit
from stores.disputes.models import Dispute, DisputeParty, DisputeState
from stores.disputes.rules import may_decide
from stores.ledger.models import Ownership, PurchaseLine, ReceiptKey, Touch
from stores.ledger.queries import (
    keys_by_number,
    late_members,
    lines_of_keys,
    numbers_of,
    present_numbers,
)
from stores.org.models import Guide, Role, Store

# A guide's touches so far before a sale are what she may offer as evidence.
REACH = timedelta(days=90)
_MOST_TOUCHES = 20


@dataclass(frozen=True, slots=True)
class Claimable:
    """A receipt with which a guide has something to do; nothing of the buyer is said."""

    source: str
    receipt_no: str
    sold_at: datetime
    store: Store
    sales: Sequence[PurchaseLine]
    touches: Sequence[Touch]

    @property
    def numbers(self) -> list[int]:
        return [touch.pk for touch in self.touches]


def claimable(guide: Guide, receipt_no: str) -> Claimable | None:
    """The receipt, if it was sold in her store, or she served, touched or owned the buyer.

    To be asked within a scope that meets every receipt: it answers None for what is not hers.
    """
    by_source: dict[str, list[ReceiptKey]] = defaultdict(list)
    for key in keys_by_number(receipt_no):
        by_source[key.source].append(key)
    for keys in by_source.values():
        lines = lines_of_keys(key for key in keys if not key.refund_of)
        if lines:
            sales = sorted(lines.values(), key=lambda line: line.line)
            found = _with_hers(guide, sales)
            if found is not None:
                return found
    return None


def _with_hers(guide: Guide, sales: Sequence[PurchaseLine]) -> Claimable | None:
    first = sales[0]
    sold_at = min(first.sold_at, first.recorded_at)
    buyer = first.member_no or late_members(first.source, [first.receipt_no]).get(first.receipt_no)
    numbers = _numbers(buyer)
    touches = list(
        Touch.objects.filter(
            guide_no=guide.pk, member_no__in=numbers, at__gte=sold_at - REACH, at__lte=sold_at
        ).order_by("-at")[:_MOST_TOUCHES]
    )
    owned = Ownership.objects.filter(guide_no=guide.pk, member_no__in=numbers)
    concerned = first.store_no == guide.store_id or first.served_by_no == guide.pk or bool(touches)
    if not concerned and not owned.exists():
        return None
    store = Store.objects.get(pk=first.store_no)
    return Claimable(first.source, first.receipt_no, sold_at, store, sales, touches)


def _numbers(buyer: int | None) -> set[int]:
    if buyer is None:
        return set()
    person = present_numbers([buyer])[buyer]
    return numbers_of([person])[person]


def shares_of(source: str, receipt_no: str) -> dict[int, dict[int, int]]:
    """For each sale line of a receipt what each guide has of it, refunds apart."""
    found: dict[int, dict[int, int]] = defaultdict(dict)
    rows = Credit.objects.filter(source=source, receipt_no=receipt_no, refund_of="")
    for row in rows.order_by("line", "guide_no"):
        found[row.line][row.guide_no] = row.amount
    return dict(found)


def holders_of(source: str, receipt_no: str) -> list[int]:
    """Who has credit for a receipt."""
    shares = shares_of(source, receipt_no).values()
    return sorted({guide for each in shares for guide in each})


def disputes_of(guide: Guide) -> QuerySet[Dispute]:
    """Those that concern her, and for a manager all of her stores; the newest first."""
    found = Dispute.objects.select_related("claimant", "store").prefetch_related("parties__guide")
    if guide.role == Role.GUIDE:
        found = found.filter(parties__guide=guide)
    return found.order_by("-opened_at", "-pk")


def touches_behind(dispute: Dispute) -> list[Touch]:
    """The evidence, as far as the scope around us meets it."""
    since = dispute.sold_at - REACH
    found = Touch.objects.filter(pk__in=dispute.touches, at__gte=since, at__lte=dispute.sold_at)
    return list(found.order_by("at"))


def is_for(scope: Scope, judge: Guide | None, dispute: Dispute) -> bool:
    """Whether who sees so far may decide it."""
    parties = [party.guide for party in dispute.parties.all()]
    stores = {dispute.store_id, *(party.store_id for party in parties)}
    if judge is not None and judge.role == Role.GUIDE:
        return False
    reach: Collection[int] = stores if scope.everything else scope.stores
    return may_decide(judge.pk if judge else None, [party.pk for party in parties], stores, reach)


def waiting_for(guide: Guide, scope: Scope) -> list[Dispute]:
    """What she is to decide, the most urgent first."""
    if guide.role == Role.GUIDE:
        return []
    found = (
        Dispute.objects.filter(state=DisputeState.OPEN)
        .select_related("claimant", "store")
        .prefetch_related("parties__guide")
        .order_by("due_at", "pk")
    )
    return [dispute for dispute in found if is_for(scope, guide, dispute)]


def news_for(guide: Guide) -> QuerySet[DisputeParty]:
    """What she has not answered, or not seen the end of."""
    unseen = ~Q(dispute__state=DisputeState.OPEN) & Q(seen_at=None)
    unanswered = Q(dispute__state=DisputeState.OPEN, is_claimant=False, answered_at=None)
    return (
        DisputeParty.objects.filter(unseen | unanswered, guide=guide)
        .exclude(is_claimant=True, dispute__state=DisputeState.WITHDRAWN)
        .select_related("dispute__claimant")
        .order_by("dispute_id")
    )


def names_of(numbers: Collection[int]) -> Mapping[int, str]:
    return dict(Guide.objects.filter(pk__in=numbers).values_list("pk", "name"))
