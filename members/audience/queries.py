"""An audience's members as one query, and how many fall out on the way and why."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from members.audience.models import Audience
from members.audience.rules import check_rule
from members.consent.models import Channel, ConsentState
from members.consent.queries import permitted
from members.identity.models import Friendship, Member, MemberState
from stores.ledger.models import PurchaseLine
from stores.org.models import LegalEntity


def members_in(audience: Audience, at: datetime) -> QuerySet[Member]:
    """The active members whom the audience means at this time, as one statement of SQL.

    What the scope around us does not meet is not among them. Raises BrokenRule.
    """
    return members_by_rule(audience.rule, at)


def members_by_rule(rule: Any, at: datetime) -> QuerySet[Member]:
    """The same for a rule not saved yet."""
    check_rule(rule)
    return Member.objects.filter(state=MemberState.ACTIVE).filter(_condition(rule, at))


@dataclass(frozen=True, slots=True)
class Funnel:
    """How many an audience means, and how many are left after each thing that may speak against."""

    matched: int
    in_entity: int
    permitted: int
    reachable: int


def funnel_of(
    audience: Audience, purpose: str, *, at: datetime, entity: LegalEntity | int
) -> Funnel:
    """Matched, of this entity, with permission for one-to-one messages, friends of a guide."""
    matched = members_in(audience, at)
    key = entity.pk if isinstance(entity, LegalEntity) else entity
    allowed = permitted(matched, purpose, Channel.WECOM, at=at, entity=key)
    return Funnel(
        matched=matched.count(),
        in_entity=matched.filter(entity=key).count(),
        permitted=allowed.count(),
        reachable=allowed.filter(_is_friend(True, at)).count(),  # noqa: FBT003
    )


def _condition(node: Mapping[str, Any], at: datetime) -> Q:
    if not node:
        return Q()
    name, value = next(iter(node.items()))
    if name == "not":
        return ~_condition(value, at)
    if name in {"all", "any"}:
        found = _condition(value[0], at)
        for child in value[1:]:
            condition = _condition(child, at)
            found = found & condition if name == "all" else found | condition
        return found
    return _TERMS[name](value, at)


def _bought_within(days: int, at: datetime) -> Q:
    bought = PurchaseLine.objects.filter(
        member_no=OuterRef("pk"),
        amount__gt=0,
        sold_at__gt=at - timedelta(days=days),
        sold_at__lte=at,
    )
    return Q(Exists(bought))


def _consented(purpose: str, _: datetime) -> Q:
    held = ConsentState.objects.filter(member=OuterRef("pk"), purpose=purpose, is_granted=True)
    return Q(Exists(held))


def _is_friend(wanted: bool, _: datetime) -> Q:  # noqa: FBT001
    friends = Exists(Friendship.objects.filter(contact__member=OuterRef("pk"), until=None))
    return Q(friends) if wanted else ~Q(friends)


def _joined_since(day: str, _: datetime) -> Q:
    begun = datetime.combine(date.fromisoformat(day), time(), timezone.get_default_timezone())
    return Q(joined_at__gte=begun)


_TERMS: Mapping[str, Callable[[Any, datetime], Q]] = {
    "tier": lambda value, _: Q(tier__in=value),
    "store": lambda value, _: Q(home_store__code__in=value),
    "region": lambda value, _: Q(home_store__region__name__in=value),
    "owner": lambda value, _: Q(owner__employee_no__in=value),
    "has_owner": lambda value, _: Q(owner__isnull=not value),
    "consent": _consented,
    "joined_since": _joined_since,
    "joined_within_days": lambda value, at: Q(joined_at__gt=at - timedelta(days=value)),
    "purchased_within_days": _bought_within,
    "is_friend": _is_friend,
}
