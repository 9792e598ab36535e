"""What she likes, as far as she lets us know: tags, what she buys, what she looked at lately."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Count

from members.behaviour.models import BehaviourEvent, BehaviourKind
from members.identity.models import Member
from members.tags.queries import Chip, ChipGroup, chips_for, standing_of_member
from members.tags.rules import Standing
from stores.catalogue.models import Product
from stores.ledger.models import PurchaseLine

_LATELY: Final = timedelta(days=60)
_SHOWN: Final = 3


@dataclass(frozen=True, slots=True)
class Tags:
    """Her tags and those that may be tapped on; none at all without her permission."""

    groups: Sequence[ChipGroup]
    is_allowed: bool
    was_asked: bool

    @property
    def held(self) -> list[Chip]:
        """What she holds, of all groups."""
        return [chip for group in self.groups for chip in group.chips if chip.held is not None]


@dataclass(frozen=True, slots=True)
class Likes:
    """Categories she buys, and products she looked at, put aside or into her bag lately."""

    categories: Sequence[tuple[str, int]]
    looked_at: Sequence[str]


def tags_for(member: Member, at: datetime) -> Tags:
    """What of tags the guide may see and tap."""
    standing = standing_of_member(member, at)
    allowed = standing is Standing.ALLOWED
    return Tags(
        groups=chips_for(member) if allowed else [],
        is_allowed=allowed,
        was_asked=standing is not Standing.UNASKED,
    )


def likes_of(member: Member, numbers: Collection[int], at: datetime) -> Likes:
    """For members who agreed to profiling only; four queries."""
    bought = dict(
        PurchaseLine.objects.filter(member_no__in=numbers, amount__gt=0)
        .values_list("sku")
        .annotate(times=Count("pk"))
    )
    kinds = [BehaviourKind.VIEWED, BehaviourKind.FAVOURED, BehaviourKind.CARTED]
    looked = list(
        BehaviourEvent.objects.filter(member=member, kind__in=kinds, at__gt=at - _LATELY)
        .exclude(object="")
        .values_list("object")
        .annotate(times=Count("pk"))
        .order_by("-times", "object")[:_SHOWN]
    )
    products = {
        row.sku: row
        for row in Product.objects.filter(sku__in=[*bought, *(sku for sku, _ in looked)])
    }
    categories: dict[str, int] = {}
    for sku, times in bought.items():
        if sku in products:
            name = products[sku].category
            categories[name] = categories.get(name, 0) + times
    best = sorted(categories.items(), key=lambda pair: (-pair[1], pair[0]))[:_SHOWN]
    return Likes(best, [products[sku].name for sku, _ in looked if sku in products])
