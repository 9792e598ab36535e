"""Walks the story while processes of the demo are killed with -9. Run with the demo's environment.

`python -m tests.journeys.kill_story DATA_FOLDER`; exit 0 when nothing was lost and nothing came
twice.
"""

from __future__ import annotations

import os
import sys
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import django
import requests

from tests.journeys.running import RunningDemo

# step → (child, seconds after the step began); a web that is asked by the step is killed before it
# (-1). No child falls five times: then the supervisor would end the demo, as it should.
KILLS: dict[str, list[tuple[str, float]]] = {
    "join": [("web", -1.0)],
    "become_friends": [("web", 0.05), ("worker", 0.4)],
    "join_group": [("beat", 0.0)],
    "withdraw": [("worker", 0.6), ("beat", 0.1)],
    "confirm_push": [("worker", 0.3)],
    "ask_hours": [("worker", 0.2)],
}


def main(folder: Path) -> None:
    from config.demo.outside import until
    from config.demo.story import Story, texts

    demo = RunningDemo(folder, dict(os.environ), None)

    def is_ready() -> bool:
        try:
            return requests.get(f"{demo.base}/readyz", timeout=5).ok
        except requests.RequestException:
            return False

    killed: Counter[str] = Counter()
    story = Story(os.environ)
    for _title, step in story.steps():
        _arm(demo, step, killed)
        until(is_ready, "the web process", seconds=60)
        word = step()
        sys.stdout.write(f"{step.__name__}: {word}\n")
        sys.stdout.flush()
    for customer in (story.chen, story.wu):
        found = len(texts(story.world.messages(customer.id, "welcome")))
        assert found == 1, f"{customer.name} was welcomed {found} times"
    planned = Counter(name for kills in KILLS.values() for name, _ in kills)
    assert killed == planned
    _nothing_lost()
    sys.stdout.write(f"killed {dict(killed)}\n")


def _arm(demo: RunningDemo, step: Callable[[], str], killed: Counter[str]) -> None:
    def kill(name: str) -> None:
        demo.kill(name)
        killed[name] += 1

    for name, after in KILLS.get(step.__name__, []):
        timer = threading.Timer(max(after, 0.0), kill, [name])
        timer.start()
        if after < 0:
            timer.join()


def _nothing_lost() -> None:
    """Every intent has an end: nothing parked, failed, missed or in doubt; nobody got it twice."""
    from config.demo.outside import until
    from groups.pushes.models import Delivery
    from kit.actions import scope_of
    from kit.actor import Actor
    from kit.events import Handling, HandlingState
    from wecom.outbox.models import OutboxRow, OutboxState

    everybody = Actor.system("test")

    def is_quiet() -> bool:
        with scope_of(everybody):
            open_handlings = Handling.objects.exclude(state=HandlingState.DONE).count()
            unsent = OutboxRow.objects.exclude(
                state__in=[OutboxState.SENT, OutboxState.CANCELLED, OutboxState.VETOED]
            ).count()
        return open_handlings == 0 and unsent == 0

    until(is_quiet, "every intent to reach its end", seconds=120)
    with scope_of(everybody):
        reached = Counter(Delivery.objects.values_list("push", "recipient"))
    assert max(reached.values()) == 1


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    main(Path(sys.argv[1]))
