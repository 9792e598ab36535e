"""Points that members bring with them from where they were kept before: one opening entry each.

Only who is made by the file gets one: a member of ours has her points here already.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Final

from django.db import connection
from django.db.models import QuerySet

from kit.actions import must_be_in_action
from kit.fields import new_public_id
from members.imports.models import MemberImport
from members.rewards.models_of_points import EntryKind, PointsAccount, PointsEntry, PointsRule

ONCE: Final = "opening"
_TAKEN_BACK: Final = "opening:taken_back"
_ACCOUNTS: Final = """
INSERT INTO members_pointsaccount (member_id, balance, pending, owed, opened_at)
SELECT unnest(%s::bigint[]), 0, 0, 0, %s ON CONFLICT DO NOTHING
"""
_ENTRIES: Final = """
INSERT INTO members_pointsentry (public_id, account_id, kind, points, pending, owed, once, source,
                                 expires_on, at, actor)
SELECT p.public_id, a.id, %(kind)s, p.points, 0, 0, %(once)s, %(source)s, %(expires)s, %(at)s,
       %(actor)s
FROM unnest(%(ids)s::uuid[], %(members)s::bigint[], %(points)s::bigint[])
     p(public_id, member_id, points)
JOIN members_pointsaccount a ON a.member_id = p.member_id
ON CONFLICT (account_id, once) DO NOTHING
"""


def open_accounts(batch: MemberImport, given: Mapping[int, int], at: datetime) -> None:
    """An account with its opening entry for each member, by number. Repeating changes nothing.

    They expire as points earned today would. A step.
    """
    by = must_be_in_action()
    if not given:
        return
    rule = PointsRule.objects.filter(entity=batch.entity_id).order_by("-version").first()
    members = sorted(given)
    values = {
        "kind": EntryKind.EARN.value,
        "once": ONCE,
        "source": source_of(batch),
        "expires": None if rule is None else (at + timedelta(days=rule.valid_days)).date(),
        "at": at,
        "actor": str(by)[:120],
        "ids": [new_public_id() for _ in members],
        "members": members,
        "points": [given[member] for member in members],
    }
    with connection.cursor() as cursor:
        cursor.execute(_ACCOUNTS, [members, at])
        cursor.execute(_ENTRIES, values)


def source_of(batch: MemberImport) -> str:
    """What an opening entry says of where it came from."""
    return f"import:{batch.pk}"


def moved_since(batch: MemberImport, members: Collection[int]) -> QuerySet[PointsEntry]:
    """Entries of these members that are not the opening ones of this import."""
    found = PointsEntry.objects.filter(account__member__in=members)
    return found.exclude(once=ONCE, source=source_of(batch))


def take_back(members: Collection[int], at: datetime) -> set[int]:
    """Accounts go back to nothing, by an entry like any movement; whose they are. A step."""
    by = must_be_in_action()
    held = list(PointsAccount.objects.filter(member__in=members).order_by("pk"))
    PointsEntry.objects.bulk_create(
        [
            PointsEntry(
                account=account,
                kind=EntryKind.ADJUST,
                points=-account.balance,
                once=_TAKEN_BACK,
                at=at,
                actor=str(by)[:120],
            )
            for account in held
            if account.balance
        ],
        ignore_conflicts=True,
    )
    return {account.member_id for account in held}
