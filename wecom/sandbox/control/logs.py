"""The two logs: attempts to deliver callbacks, and calls of the API. Read from either end."""

import json
from sqlite3 import Row
from typing import Any

from wecom.sandbox.world import World

Query = dict[str, str]


def number_of(query: Query, name: str, default: int = 0) -> int:
    """A number of a request, the default when absent."""
    given = query.get(name, "")
    return int(given) if given.isdigit() else default


def read_log(
    world: World, table: str, query: Query, conditions: list[str], values: list[object]
) -> list[Row]:
    """Rows newest first, older than ``before``; with ``after`` ascending behind it."""
    after, before = number_of(query, "after"), number_of(query, "before")
    if after:
        conditions, values = [*conditions, f"{table}.id > ?"], [*values, after]
    if before:
        conditions, values = [*conditions, f"{table}.id < ?"], [*values, before]
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    more = ", app.callback_url AS url" if table == "delivery" else ""
    join = " LEFT JOIN app USING (agent_id)" if table == "delivery" else ""
    return world.store.rows(
        f"SELECT {table}.*{more} FROM {table}{join}{where}"  # noqa: S608 - our own names
        f" ORDER BY {table}.id {'ASC' if after else 'DESC'} LIMIT ?",
        *values,
        min(number_of(query, "limit", 100), 5000),
    )


def list_deliveries(world: World, query: Query) -> dict[str, Any]:
    """Attempts to deliver callbacks, by ``event``, ``agent_id``, ``state`` and ``event_id``."""
    conditions: list[str] = []
    values: list[object] = []
    if query.get("event"):
        conditions.append("(event = ? OR change_type = ?)")
        values += [query["event"]] * 2
    for name in ("agent_id", "event_id"):
        if number_of(query, name):
            conditions.append(f"delivery.{name} = ?")
            values.append(number_of(query, name))
    if query.get("state"):
        conditions.append("state = ?")
        values.append(query["state"])
    rows = read_log(world, "delivery", query, conditions, values)
    return {"deliveries": [dict(row) for row in rows]}


def list_calls(world: World, query: Query) -> dict[str, Any]:
    """API calls, by ``path``, ``errcode`` (``bad`` is any but 0) and ``agent_id``."""
    conditions: list[str] = []
    values: list[object] = []
    if query.get("path"):
        conditions.append("path = ?")
        values.append(query["path"].removeprefix("/cgi-bin/"))
    if query.get("errcode") == "bad":
        conditions.append("errcode IS NOT 0")
    elif query.get("errcode"):
        conditions.append("errcode = CAST(? AS INTEGER)")
        values.append(query["errcode"])
    if number_of(query, "agent_id"):
        conditions.append("agent_id = ?")
        values.append(number_of(query, "agent_id"))
    return {
        "calls": [write_call(row) for row in read_log(world, "call", query, conditions, values)]
    }


def write_call(row: Row) -> dict[str, Any]:
    """A call of the log; a body too long to keep stays a text."""
    call = dict(row) | {"query": json.loads(row["query"])}
    try:
        call["body"] = json.loads(row["body"])
    except ValueError:
        call["body"] = row["body"]
    return call
