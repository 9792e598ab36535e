"""What the clock asks of rewards: release, expire, judge tiers, prove the sums, compare outside."""

from __future__ import annotations

import structlog
from celery import shared_task
from django.utils import timezone

from kit.actions import scope_of
from kit.actor import Actor
from kit.schedule import A_NIGHT
from members.rewards.earning import (
    accounts_to_expire,
    accounts_to_release,
    expire_due,
    release_due,
)
from members.rewards.models_of_outside import OutsideMaster
from members.rewards.outside import compare_with_outside
from members.rewards.queries import accounts_unlike_ledger
from members.rewards.tiers import judge_many, members_to_judge
from stores.org.models import LegalEntity

log = structlog.get_logger(__name__)


class PointsDoNotAddUp(RuntimeError):
    """An account is not the sum of its entries; the job fails, so that HQ's page shows it."""


@shared_task(name="members.tasks.move_points_by_time", **A_NIGHT)
def move_points_by_time() -> int:
    """Release what has waited long enough, then take what has expired; how many movements."""
    by, today, done = Actor.system("points by time"), timezone.localdate(), 0
    for portion, move in ((accounts_to_release, release_due), (accounts_to_expire, expire_due)):
        after = 0
        while True:
            with scope_of(by):
                keys = portion(today, after=after)
            if not keys:
                break
            done += move(keys, today=today, by=by)
            after = keys[-1]
    return done


@shared_task(name="members.tasks.judge_tiers", **A_NIGHT)
def judge_tiers() -> int:
    """Look at every tier that may change; how many members."""
    by, now, done = Actor.system("tiers by night"), timezone.now(), 0
    for entity_id in LegalEntity.objects.values_list("pk", flat=True):
        after = 0
        while True:
            with scope_of(by):
                keys = members_to_judge(entity_id, after=after)
            if not keys:
                break
            done += judge_many(entity_id, keys, at=now, by=by).looked_at
            after = keys[-1]
    return done


@shared_task(name="members.tasks.prove_points", **A_NIGHT)
def prove_points() -> int:
    """Every account is the sum of its entries; raises PointsDoNotAddUp when one is not."""
    with scope_of(Actor.system("proof of points")):
        wrong = accounts_unlike_ledger()
    if wrong:
        log.error("points_do_not_add_up", accounts=[row["account"] for row in wrong][:20])
        raise PointsDoNotAddUp(f"{len(wrong)} accounts")
    return 0


@shared_task(name="members.tasks.compare_outside", **A_NIGHT)
def compare_outside() -> int:
    """Compare every outside master with us; how many differences stand."""
    by, now = Actor.system("outside by night"), timezone.now()
    masters = OutsideMaster.objects.values_list("pk", flat=True)
    return sum(sum(compare_with_outside(key, at=now, by=by).values()) for key in masters)
