"""A mass send to many under a WeCom that is unwell: every recipient in exactly one task.

Guides, workers, outbox and sandbox are real processes; meanwhile WeCom answers 45009, 45033, −1
and 502, stalls, and workers are killed. Right is what the sandbox holds in the end, not what we
believe: no recipient missing, none twice. The time is printed, there is no rival to compare with.
"""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

from django.conf import settings
from django.core.management import call_command
from django.db import connection

from bench._ground import fresh_database
from bench._system import System, corp_of, product_environment, running_system, wait_until
from bench.launch import BENCH, new_push, prepare
from groups.pushes.actions import launch_push, plan_push
from groups.pushes.models import PushTask, TaskState
from kit.actions import set_session_scope
from kit.actor import EVERYTHING

# Takes its time: `bench all` leaves it to whoever names it.
ALONE: Final = True
# Of grown members about half are reached: 200 000 recipients want 420 000 members.
MEMBERS: Final = {"small": 4_200, "full": 420_000}
GUIDES: Final = {"small": 40, "full": 2_000}
KILLS: Final = {"small": 2, "full": 8}
_ADD: Final = "externalcontact/add_msg_template"
# What goes wrong, for how many calls of each hundred guides.
_FAULTS: Final[tuple[tuple[dict[str, Any], int], ...]] = (
    ({"errcode": 45033}, 2),
    ({"errcode": -1}, 4),
    ({"http_status": 502}, 4),
    ({"http_status": 504}, 2),
    ({"delay_s": 20.0}, 2),
)
_CHUNK: Final = 20_000
_PATIENCE_SECONDS: Final = {"small": 1_500.0, "full": 7_200.0}


def run(scale: str) -> dict[str, Any]:
    """Launch once, break things, wait until every task stands at WeCom, compare with its truth."""
    settings.QUIET_HOURS = ""
    with fresh_database() as ground, running_system(product_environment()) as system:
        call_command("grow", stores=20, guides=GUIDES[scale], members=MEMBERS[scale], verbosity=0)
        set_session_scope(EVERYTHING)
        ground.as_owner("ANALYZE")
        _settle_people(system)
        material, audience, author = prepare(by=BENCH)
        push = new_push(material, audience, author, 1, by=BENCH)
        plan_push(push.pk, by=BENCH)
        begun = time.perf_counter()
        launch_push(push.pk, by=BENCH)
        tasks = PushTask.objects.filter(push=push)
        wanted = Counter(one for task in tasks for one in task.recipients)
        _break_things(system, GUIDES[scale], tasks.count(), KILLS[scale])
        wait_until(
            lambda: not tasks.exclude(state=TaskState.OPEN).exists(),
            f"tasks at WeCom: {_states(push.pk)}",
            _PATIENCE_SECONDS[scale],
        )
        seconds = time.perf_counter() - begun
        reached = _reached(system)
        return {
            "recipients": sum(wanted.values()),
            "guides": GUIDES[scale],
            "tasks": tasks.count(),
            "kills": KILLS[scale],
            "seconds": seconds,
            "missing": sum((wanted - reached).values()),
            "doubled": sum((reached - wanted).values()),
            "calls": _calls(system),
            "correct": wanted == reached and set(wanted.values()) == {1},
        }


def _settle_people(system: System) -> None:
    """The grown guides and their friends are people of the sandbox's corp too."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT wecom_userid FROM stores_guide WHERE wecom_userid IS NOT NULL")
        system.control("seed", **corp_of(system, [row[0] for row in cursor.fetchall()]))
        cursor.execute(
            "SELECT c.external_userid, g.wecom_userid FROM members_friendship f"
            " JOIN members_contact c ON c.id = f.contact_id"
            " JOIN stores_guide g ON g.id = f.guide_id WHERE f.until IS NULL"
        )
        while rows := cursor.fetchmany(_CHUNK):
            system.control(
                "seed",
                customers=[{"external_userid": one, "name": one} for one, _ in rows],
                friends=[{"external_userid": one, "userid": guide} for one, guide in rows],
            )


def _faults(guides: int) -> list[dict[str, Any]]:
    """The same faults in the same order for the same size."""
    orders = [what for what, share in _FAULTS for _ in range(max(1, share * guides // 100))]
    random.Random(7).shuffle(orders)  # noqa: S311 - the same order in every run
    return orders


def _break_things(system: System, guides: int, tasks: int, kills: int) -> None:
    """Kill workers, and have WeCom fail, while the calls go out: spread over the way.

    Each stretch begins with one refusal for frequency, which shuts the API for a minute or more.
    """
    faults = _faults(guides)
    for number in range(kills + 1):
        for what in ({"errcode": 45009}, *faults[number :: kills + 1]):
            system.control("faults", path=_ADD, times=1, **what)
        if number == kills:
            break
        wanted = tasks * (number + 1) // (kills + 2)
        wait_until(lambda least=wanted: _arrived() >= least, f"{wanted} tasks", 3_600)  # type: ignore[misc]
        system.kill_worker(number % 2)


def _arrived() -> int:
    return PushTask.objects.exclude(msgid="").count()


def _states(push: int) -> dict[str, int]:
    return Counter(PushTask.objects.filter(push=push).values_list("state", flat=True))


def _reached(system: System) -> Counter[str]:
    """Who stands in which task at WeCom, whatever we believe; cancelled tasks reach nobody."""
    found: Counter[str] = Counter()
    for record in _records(system):
        if record["status"] != "cancelled":
            rows = system.look(f"state/mass/{record['msgid']}")["rows"]
            found.update(row["target"] for row in rows)
    return found


def _records(system: System) -> Iterator[dict[str, Any]]:
    seen: set[str] = set()
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT wecom_userid FROM stores_guide ORDER BY 1")
        guides = [row[0] for row in cursor.fetchall() if row[0]]
    for guide in guides:
        for record in system.look("tasks", userid=guide)["tasks"]:
            if record["msgid"] not in seen:
                seen.add(record["msgid"])
                yield record


def _calls(system: System) -> str:
    """How the calls were answered, by error code; the log keeps the newest 20 000."""
    calls = system.look("calls", path=_ADD, limit=1000)["calls"]
    return json.dumps(Counter(str(call["errcode"]) for call in calls), ensure_ascii=False)
