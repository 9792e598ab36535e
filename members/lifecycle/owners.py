"""Members without an owner, given one by a rule: preview, run, undo. Each step may be repeated.

A rule names its ways in order. `last_served`: the guide who served her last, if she still works
there. `least_loaded`: of the store where she bought last, or her own, the guide with the fewest.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from django.db import connection
from django.utils import timezone

from kit.actions import action
from kit.actor import Actor
from kit.events import emit
from kit.fields import shown_id
from members.identity.models import Member
from members.identity.steps import give_owner
from members.lifecycle.errors import AlreadyDone, LifecycleError, NothingToUndo
from members.lifecycle.models_of_owners import AssignmentLine, AssignmentPlan
from stores.ledger.steps import end_ownership
from stores.org.models import Account, Guide

WAYS: Final = {"last_served": "上次服务她的导购", "least_loaded": "最近消费门店里会员最少的导购"}
MOST_PER_GUIDE: Final = 5000
# One plan is looked at by a person; more than this is several plans.
MOST_AT_ONCE: Final = 100_000
_PORTION: Final = 500

# Whom nobody owns, where she bought last or belongs, and who served her last of those at work.
_UNOWNED: Final = """
SELECT m.id, COALESCE(last.store_no, m.home_store_id) AS store,
  CASE WHEN g.left_on IS NULL AND gs.entity_id = m.entity_id THEN g.id END AS served_by
FROM members_member m
LEFT JOIN LATERAL (
  SELECT p.store_no, p.served_by_no FROM stores_purchaseline p
  WHERE p.member_no = m.id AND p.amount > 0 ORDER BY p.sold_at DESC LIMIT 1
) last ON true
LEFT JOIN stores_guide g ON g.id = last.served_by_no AND g.role = 'guide'
LEFT JOIN stores_store gs ON gs.id = g.store_id
WHERE m.owner_id IS NULL AND m.state = 'active'
  AND (%(stores)s::bigint[] IS NULL OR m.home_store_id = ANY(%(stores)s))
ORDER BY m.id LIMIT %(most)s
"""
_LOADS: Final = """
SELECT g.id, g.store_id, s.entity_id,
  (SELECT count(*) FROM stores_ownership o WHERE o.guide_no = g.id AND o.until IS NULL)
FROM stores_guide g JOIN stores_store s ON s.id = g.store_id
WHERE g.left_on IS NULL AND g.role = 'guide' ORDER BY g.id
"""


@action
def preview_assignment(
    rule: dict[str, Any], *, account: Account | None = None, by: Actor
) -> AssignmentPlan:
    """Work out who would become whose, and keep it as a plan. Nobody is assigned yet.

    Refuses a rule that names no known way.
    """
    ways = [way for way in rule.get("ways", []) if way in WAYS]
    if not ways:
        raise LifecycleError("请至少选一种分配办法。")
    stores = rule.get("stores") or (None if by.scope.everything else sorted(by.scope.stores))
    most = min(int(rule.get("most_per_guide") or MOST_PER_GUIDE), MOST_PER_GUIDE)
    with connection.cursor() as cursor:
        cursor.execute(_UNOWNED, {"stores": stores, "most": MOST_AT_ONCE})
        unowned = cursor.fetchall()
        cursor.execute(_LOADS)
        guides = cursor.fetchall()
    chosen = choose(unowned, guides, ways, most)
    plan = AssignmentPlan.objects.create(
        rule={"ways": ways, "most_per_guide": most, "stores": stores or []},
        found=len(unowned),
        placed=len(chosen),
        made_by=account,
    )
    AssignmentLine.objects.bulk_create(
        [
            AssignmentLine(plan=plan, member_id=member, guide_id=guide, because=way)
            for member, guide, way in chosen
        ],
        batch_size=2000,
    )
    return plan


def choose(
    unowned: Sequence[tuple[int, int, int | None]],
    guides: Sequence[tuple[int, int, int, int]],
    ways: Sequence[str],
    most: int,
) -> list[tuple[int, int, str]]:
    """(member, guide, way) for everybody the ways place; what is given on the way is load too."""
    loads = {guide: load for guide, _, _, load in guides}
    of_store: dict[int, list[int]] = {}
    for guide, store, _, _ in guides:
        of_store.setdefault(store, []).append(guide)
    chosen: list[tuple[int, int, str]] = []
    for member, store, served_by in unowned:
        for way in ways:
            if way == "last_served":
                found = served_by if served_by in loads else None
            else:
                found = min(of_store.get(store, []), key=lambda g: (loads[g], g), default=None)
            if found is not None and loads[found] < most:
                loads[found] += 1
                chosen.append((member, found, way))
                break
    return chosen


@action
def run_assignment(plan_id: int, *, by: Actor) -> int:
    """Make a plan true; how many got an owner. Who found an owner meanwhile keeps hers.

    Emits `members_assigned`. Refuses a plan that ran before.
    """
    plan = AssignmentPlan.objects.select_for_update().get(pk=plan_id)
    if plan.ran_at is not None:
        raise AlreadyDone
    now = timezone.now()
    done = 0
    guides = Guide.objects.select_related("store").in_bulk(
        set(plan.lines.values_list("guide", flat=True))
    )
    for lines in _portions(plan):
        members = Member.objects.select_for_update(of=("self",)).in_bulk(
            [line.member_id for line in lines]
        )
        given = []
        for line in lines:
            member = members.get(line.member_id)
            if member is None or member.state != "active":
                continue
            if give_owner(member, guides[line.guide_id], at=now, reason="assigned"):
                given.append(line.pk)
        done += AssignmentLine.objects.filter(pk__in=given).update(done_at=now)
    plan.ran_at = now
    plan.save(update_fields=["ran_at"])
    emit("members_assigned", subject=f"assignment:{shown_id(plan.public_id)}", members=done)
    return done


@action
def undo_assignment(plan_id: int, *, by: Actor) -> int:
    """Take a plan back; how many belong to nobody again. Who has moved on since stays where she is.

    Refuses a plan that did not run or was taken back.
    """
    plan = AssignmentPlan.objects.select_for_update().get(pk=plan_id)
    if plan.ran_at is None or plan.undone_at is not None:
        raise NothingToUndo
    now = timezone.now()
    undone = 0
    for lines in _portions(plan, done_at__isnull=False):
        members = Member.objects.select_for_update(of=("self",)).in_bulk(
            [line.member_id for line in lines]
        )
        taken = []
        for line in lines:
            member = members.get(line.member_id)
            if member is None or member.owner_id != line.guide_id:
                continue
            member.owner = None
            member.save(update_fields=["owner"])
            end_ownership(member_no=member.pk, at=now)
            taken.append(line.pk)
        undone += AssignmentLine.objects.filter(pk__in=taken).update(taken_back_at=now)
    plan.undone_at = now
    plan.save(update_fields=["undone_at"])
    return undone


def _portions(plan: AssignmentPlan, **only: Any) -> list[list[AssignmentLine]]:
    """The plan's lines by member number, so that two runs lock in one order."""
    lines = list(plan.lines.filter(**only).order_by("member"))
    return [lines[at : at + _PORTION] for at in range(0, len(lines), _PORTION)]
