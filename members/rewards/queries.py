"""What a member holds, by which rules, and what she is told about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection
from django.db.models import QuerySet, Sum

from members.identity.models import Member, MemberState, Tier
from members.rewards.models import Coupon
from members.rewards.models_of_points import (
    EntryKind,
    PointsAccount,
    PointsEntry,
    PointsRule,
    TierRule,
    TierStanding,
)
from members.rewards.rules import next_tier


def coupons_to_use(member: Member, at: datetime) -> QuerySet[Coupon]:
    """Her coupons that a till would take now, soonest to expire first."""
    return (
        Coupon.objects.filter(
            member=member, member__state=MemberState.ACTIVE, used_at=None, expires_at__gt=at
        )
        .select_related("kind")
        .order_by("expires_at", "pk")
    )


def rule_at(entity_id: int, at: datetime) -> PointsRule | None:
    """The points rule that held at a time."""
    return (
        PointsRule.objects.filter(entity=entity_id, since__lte=at)
        .order_by("-since", "-version")
        .first()
    )


def tier_rule_at(entity_id: int, at: datetime) -> TierRule | None:
    """The tier rule that held at a time."""
    return (
        TierRule.objects.filter(entity=entity_id, since__lte=at)
        .order_by("-since", "-version")
        .first()
    )


@dataclass(frozen=True, slots=True)
class Rewards:
    """What her card says: points, what waits, what expires next, her tier and why."""

    balance: int
    pending: int
    owed: int
    due_on: date | None
    coupons: Sequence[Coupon]
    tier: str
    spent_minor: int
    next_tier: str
    missing_minor: int
    falls_on: date | None
    falls_to: str


def rewards_of(member: Member, at: datetime) -> Rewards:
    """Everything of hers in five queries, for her card and for the guide's profile."""
    account = PointsAccount.objects.filter(member=member).first()
    standing = TierStanding.objects.filter(member=member).first()
    rule = tier_rule_at(member.entity_id, at)
    spent = standing.spent_minor if standing is not None else 0
    above = next_tier(spent, rule.thresholds, member.tier) if rule is not None else None
    due = (
        account.entries.filter(kind=EntryKind.HOLD, due_on__gt=at.date())
        .order_by("due_on")
        .values_list("due_on", flat=True)
        .first()
        if account is not None and account.pending
        else None
    )
    return Rewards(
        balance=account.balance if account else 0,
        pending=account.pending if account else 0,
        owed=account.owed if account else 0,
        due_on=due,
        coupons=list(coupons_to_use(member, at)),
        tier=str(Tier(member.tier).label),
        spent_minor=spent,
        next_tier=str(Tier(above[0]).label) if above else "",
        missing_minor=above[1] if above else 0,
        falls_on=standing.falls_on if standing else None,
        falls_to=str(Tier(standing.falls_to).label) if standing and standing.falls_to else "",
    )


def entries_of(member: Member) -> QuerySet[PointsEntry]:
    """Her movements of points, newest first."""
    return PointsEntry.objects.filter(account__member=member).order_by("-at", "-pk")


def accounts_unlike_ledger() -> list[dict[str, Any]]:
    """Accounts that are not the sum of their entries; always empty. The nightly proof.

    One statement over both tables: a grouped sum joined to the accounts, either side missing.
    """
    sums = PointsEntry._meta.db_table
    accounts = PointsAccount._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT a.id, a.balance, a.pending, a.owed,
                   COALESCE(s.points, 0), COALESCE(s.pending, 0), COALESCE(s.owed, 0)
            FROM {accounts} a
            LEFT JOIN (SELECT account_id, sum(points) AS points, sum(pending) AS pending,
                              sum(owed) AS owed FROM {sums} GROUP BY account_id) s
              ON s.account_id = a.id
            WHERE (a.balance, a.pending, a.owed) IS DISTINCT FROM
                  (COALESCE(s.points, 0), COALESCE(s.pending, 0), COALESCE(s.owed, 0))
            """  # noqa: S608 - names of our tables
        )
        names = ("account", "balance", "pending", "owed", "points_sum", "pending_sum", "owed_sum")
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def points_in_the_house(entity_id: int | None = None) -> int:
    """What all members together may spend: a liability that the books ask for."""
    rows = PointsAccount.objects.all()
    if entity_id is not None:
        rows = rows.filter(member__entity=entity_id)
    return int(rows.aggregate(total=Sum("balance"))["total"] or 0)
