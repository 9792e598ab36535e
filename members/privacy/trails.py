"""The second half of an erasure: logs that name people are passed over, once for many.

Erasing takes her out of every table that knows her at once. What is left are texts (callbacks,
events, wishes), which no index finds; a sealed trail of her identifiers waits for the next pass
over them and is deleted by it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from json import dumps, loads

from django.db import connection

from kit.actions import action, must_be_in_action
from kit.actor import Actor
from members.privacy.models import ErasureTrail


@dataclass(frozen=True, slots=True)
class Log:
    """A table of texts: what stands in it instead of her, and which rows are still being used."""

    table: str
    # column → SQL of what it becomes where it names her
    becomes: dict[str, str]
    # SQL condition of a row that nothing works on any more
    is_over: str = "true"


_OPEN_HANDLING = (
    "NOT EXISTS (SELECT 1 FROM kit_handling h WHERE h.{event} AND h.state IN ('waiting','claimed'))"
)

LOGS: Sequence[Log] = (
    Log(
        "kit_handling",
        {"subject": "'erased'", "error": "''"},
        "state NOT IN ('waiting', 'claimed')",
    ),
    Log(
        "kit_domainevent",
        {
            "subject": "'erased'",
            "payload": "'{}'::jsonb",
            "once": "'erased:' || public_id",
            "actor": "'erased'",
        },
        _OPEN_HANDLING.format(event="event_id = kit_domainevent.id"),
    ),
    Log("wecom_inboxmessage", {"body": "''", "error": "''"}, "state IN ('done', 'parked')"),
    Log(
        "wecom_outboxrow",
        {
            "payload": "'{}'::jsonb",
            "answer": "'{}'::jsonb",
            "subject": "'erased'",
            "once": "'erased:' || public_id",
            "error": "''",
        },
        "state NOT IN ('planned', 'sending')",
    ),
    Log("wecom_difference", {"subject": "'erased'", "detail": "''"}),
    Log("django_admin_log", {"object_repr": "'erased'", "change_message": "''"}),
)


def leave_trail(words: Sequence[str]) -> None:
    """Keep, sealed, by what the logs name a person; a pass deletes it. A step."""
    must_be_in_action()
    kept = sorted({word for word in words if word})
    if kept:
        ErasureTrail.objects.create(words=dumps(kept))


@action
def follow_trails(*, by: Actor, limit: int = 200) -> int:
    """Empty what the logs still say of people who were erased; how many trails are done with.

    A row that a handler or a carrier still works on is left, and its trail with it, for the next
    pass. Repeating changes nothing.
    """
    trails = list(ErasureTrail.objects.select_for_update(skip_locked=True).order_by("pk")[:limit])
    if not trails:
        return 0
    words = {trail.pk: list(loads(str(trail.words))) for trail in trails}
    every = sorted({word for those in words.values() for word in those})
    with connection.cursor() as cursor:
        for log in LOGS:
            cursor.execute(_emptying(log), {"words": _patterns(every)})
        done = [key for key, those in words.items() if not _is_named(cursor, those)]
    ErasureTrail.objects.filter(pk__in=done).delete()
    return len(done)


def _patterns(words: Sequence[str]) -> list[str]:
    """LIKE patterns that find the words literally."""
    escaped = [w.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_") for w in words]
    return [f"%{word}%" for word in escaped]


def _names_her(column: str) -> str:
    return f"{column}::text LIKE ANY (%(words)s)"


def _emptying(log: Log) -> str:
    """One pass over a log. Names of tables and columns stand in this file."""
    sets = ", ".join(
        f"{column} = CASE WHEN {_names_her(column)} THEN {value} ELSE {column} END"
        for column, value in log.becomes.items()
    )
    named = " OR ".join(_names_her(column) for column in log.becomes)
    return f"UPDATE {log.table} SET {sets} WHERE ({named}) AND {log.is_over}"  # noqa: S608


def _is_named(cursor: object, words: Sequence[str]) -> bool:
    """Whether a log still names her: a row that was being worked on."""
    for log in LOGS:
        named = " OR ".join(_names_her(column) for column in log.becomes)
        cursor.execute(  # type: ignore[attr-defined]
            f"SELECT EXISTS (SELECT 1 FROM {log.table} WHERE {named})",  # noqa: S608
            {"words": _patterns(words)},
        )
        if cursor.fetchone()[0]:  # type: ignore[attr-defined]
            return True
    return False
