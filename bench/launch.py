"""Launching a push, against `INSERT … SELECT` of as many rows into a heap without an index.

The product's path: rule → permission → friend → variant → holdout → arrays per guide and variant,
committed. The limit: the same number of rows, written by one statement that decides nothing.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from bench._ground import fresh_database, median, peak_megabytes, seconds
from groups.content.models import Material, MaterialKind, MaterialState, Variant
from groups.pushes.actions import launch_push, plan_push
from groups.pushes.eligibility import CHANNEL, PURPOSE
from groups.pushes.models import Push, PushTask
from groups.pushes.tasks import submit_push_tasks
from kit.actions import action, set_session_scope
from kit.actor import EVERYTHING, Actor
from members.audience.models import Audience
from members.audience.queries import members_in
from members.consent.queries import permitted
from members.identity.models import Friendship
from stores.org.models import Account, LegalEntity

BENCH = Actor.system("bench")
# Of grown members 60 % are friends of a guide and 80 % permit messages: about half are reached.
MEMBERS = {"small": 42_000, "full": 2_100_000}
ROUNDS = 5

HEAP = (
    "CREATE TABLE bench_heap (push bigint, guide bigint, variant bigint, member bigint, to_ text)"
)
FILL = """
INSERT INTO bench_heap
SELECT 1, n / 300, n % 4, n, 'wmGrown' || n FROM generate_series(1, {rows}) n
"""


def run(scale: str) -> dict[str, Any]:
    """Alternate both sides; the ratio is of medians. Wrong when one is missing or doubled."""
    members = MEMBERS[scale]
    # Whatever the hour of the measurement, tasks go out at once.
    settings.QUIET_HOURS = ""
    with fresh_database() as ground:
        call_command("grow", stores=200, guides=max(40, members // 300), members=members,
                     verbosity=0)  # fmt: skip
        set_session_scope(EVERYTHING)
        # As autovacuum would have done by now.
        ground.as_owner("ANALYZE")
        ground.as_owner(HEAP + "; GRANT ALL ON bench_heap TO app")
        material, audience, author = prepare(by=BENCH)
        memory = peak_megabytes()
        expected = _expected(audience)
        ours: list[float] = []
        plans: list[float] = []
        heaps: list[float] = []
        correct = True
        pushes = [
            new_push(material, audience, author, number, by=BENCH) for number in range(ROUNDS)
        ]
        for push in pushes:
            plans.append(seconds(partial(plan_push, push.pk, by=BENCH)))
            ours.append(seconds(partial(launch_push, push.pk, by=BENCH)))
            correct = correct and _is_right(push, expected)
            heaps.append(seconds(partial(_fill, expected)))
            ground.as_owner("TRUNCATE bench_heap")
        again = seconds(partial(launch_push, pushes[-1].pk, by=BENCH))
        tasks = PushTask.objects.filter(push=pushes[-1]).count()
        return {
            "recipients": expected,
            "tasks": tasks,
            "launch_s": median(ours),
            "heap_s": median(heaps),
            "ratio": median(ours) / median(heaps),
            "goal": "≤ 2.3",
            "plan_s": median(plans),
            "launched_again_s": again,
            "submit_2000_tasks_s": seconds(submit_push_tasks),
            "more_memory_mb": peak_megabytes() - memory,
            "correct": correct,
        }


@action
def prepare(*, by: Actor) -> tuple[Material, Audience, Account]:
    author = Account.objects.create_user("bench-author", None, name="A")
    other = Account.objects.create_user("bench-approver", None, name="B")
    material = Material.objects.create(
        title="bench",
        kind=MaterialKind.TEXT,
        state=MaterialState.APPROVED,
        created_by=author,
        approved_by=other,
    )
    for tier in ("", "silver", "gold"):
        Variant.objects.create(material=material, tier=tier, text=f"新品到店。{tier}")
    return material, Audience.objects.create(name="everybody", rule={}), author


@action
def new_push(
    material: Material, audience: Audience, author: Account, number: int, *, by: Actor
) -> Push:
    return Push.objects.create(
        name=f"bench {number}", material=material, audience=audience, created_by=author
    )


def _expected(audience: Audience) -> int:
    """Counted another way than the launch does: by the consent room's own query."""
    now = timezone.now()
    friends = Friendship.objects.filter(until=None).values("contact__member")
    return sum(
        permitted(members_in(audience, now), PURPOSE, CHANNEL, at=now, entity=entity)
        .filter(pk__in=friends, entity=entity)
        .count()
        for entity in LegalEntity.objects.all()
    )


def _is_right(push: Push, expected: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), count(DISTINCT m), (SELECT sum(size) FROM groups_pushtask"
            " WHERE push_id = %s) FROM groups_pushtask, unnest(members) m WHERE push_id = %s",
            [push.pk, push.pk],
        )
        rows, members, sizes = cursor.fetchone()
    return bool(rows == members == sizes == expected)


def _fill(rows: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(FILL.format(rows=rows))
