"""Callers that are processes of their own: set up once, a fork for each line, all let go at once.

`python -m tests.races.caller`; a line is JSON with `do` and what it needs. Each fork waits at the
gate, an advisory lock that the test holds, acts, and prints one line: its place and its answer.
The first line says that everything is set up, however long that took.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

GATE = (1919, 2020)
_READ = (
    "members.registration.doors",
    "members.registration.joining",
    "stores.ledger.intake",
    "tests.members.builders",
)


def main() -> None:
    """Read lines until the input ends."""
    import django

    django.setup()
    # Read once, before anybody forks: each fork has them then.
    for name in _READ:
        import_module(name)
    # Whoever has answered is gone, and nobody has to be waited for.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    os.write(1, b"ready\n")
    for place, line in enumerate(sys.stdin):
        if os.fork() == 0:
            _call(place, json.loads(line))
            os._exit(0)


def _call(place: int, said: dict[str, Any]) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock_shared(%s, %s)", GATE)
        cursor.execute("SELECT pg_advisory_unlock_shared(%s, %s)", GATE)
    try:
        answer = str(_WAYS[said.pop("do")](**said))
    except Exception as error:  # noqa: BLE001 - the test looks at it
        answer = f"{type(error).__name__}: {error}"
    os.write(1, f"{json.dumps([place, answer])}\n".encode())


def prove(registration: int, code: str, channel: int) -> object:
    """She types the code that came to her phone, at the store of that channel code."""
    from kit.actions import scope_of
    from members.registration.doors import registrant
    from members.registration.joining import try_code
    from members.registration.models import ChannelCode
    from tests.members.builders import TESTER

    with scope_of(TESTER):
        row = ChannelCode.objects.select_related("store__entity", "guide").get(pk=channel)
        by = registrant(row)
    return try_code(registration, code=code, by=by)


def merge(first: int, second: int) -> object:
    """Two members turn out to be one."""
    from members.identity.models import MergeReason
    from members.identity.uniting import merge_members
    from tests.members.builders import TESTER

    made = merge_members(first, second, reason=MergeReason.CARD, by=TESTER)
    return "merged" if made is not None else "one already"


def part(merge: int) -> object:
    """And part again."""
    from members.identity.uniting import undo_merge
    from tests.members.builders import TESTER

    undo_merge(merge, by=TESTER)
    return "parted"


def buy(receipt: dict[str, Any]) -> object:
    """A till tells a receipt, and a worker counts it at once."""
    from stores.ledger.intake import Intake
    from tests.members.builders import TESTER, run_handlers

    answers = list(Intake(source="till", by=TESTER).take([receipt]))
    run_handlers()
    return answers[0].status


_WAYS: Mapping[str, Callable[..., object]] = {
    "prove": prove,
    "merge": merge,
    "part": part,
    "buy": buy,
}

if __name__ == "__main__":
    main()
