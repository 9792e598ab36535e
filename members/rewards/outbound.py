"""What our side earned her while an outside system is master of points: proposed, never counted."""

from __future__ import annotations

from datetime import datetime

from django.db import connection

from kit.actions import must_be_in_action
from members.identity.models import Member
from members.rewards.models_of_outside import PointsProposal

# The first half of the two-part advisory lock; any number that nobody else uses.
_LOCK_CLASS = 4711


def propose_points(member: Member, points: int, *, once: str, source: str, at: datetime) -> bool:
    """Write down what the outside master should count; False when it was proposed before. A step.

    Proposals of an entity are written one after another until commit: their keys then appear in
    order, and whoever reads on from the last key misses none.
    """
    must_be_in_action()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_LOCK_CLASS, member.entity_id])
    made = PointsProposal(
        entity_id=member.entity_id, member=member, points=points, source=source, once=once, at=at
    )
    PointsProposal.objects.bulk_create([made], ignore_conflicts=True)
    return PointsProposal.objects.filter(public_id=made.public_id).exists()
