"""Work that the real service does behind a jobid: who ordered it, when it is done, the result."""

import json
import sqlite3
from typing import Any

from wecom.sandbox.store import pack
from wecom.sandbox.world import World

STARTED, AT_WORK, DONE = 1, 2, 3


def order(
    world: World,
    kind: str,
    agent_id: int,
    *,
    done_at: float = 0.0,
    request: dict[str, Any] | None = None,
    result: dict[str, Any] | None = None,
) -> str:
    """A new job; ``done_at`` 0 means that somebody will finish it."""
    jobid = world.ids.new("job", 64)
    world.store.run(
        "INSERT INTO job VALUES (?, ?, ?, ?, ?, ?, ?)",
        jobid,
        kind,
        agent_id,
        world.clock.now(),
        done_at,
        pack(request or {}),
        pack(result or {}),
    )
    return jobid


def finish(world: World, jobid: str, result: dict[str, Any]) -> None:
    """The work is done, well or badly."""
    world.store.run(
        "UPDATE job SET done_at = ?, result = ? WHERE jobid = ?",
        world.clock.now(),
        pack(result),
        jobid,
    )


def running(world: World, kind: str, agent_id: int) -> int:
    """How many jobs of a kind an application has under way."""
    return int(
        world.store.value(
            "SELECT count(*) FROM job WHERE agent_id = ? AND kind = ?"
            " AND (done_at = 0 OR done_at > ?)",
            agent_id,
            kind,
            world.clock.now(),
        )
    )


def find(world: World, kind: str, agent_id: int, jobid: str, life_s: float) -> sqlite3.Row | None:
    """An application's own job while its id lives."""
    return world.store.row(
        "SELECT * FROM job WHERE jobid = ? AND kind = ? AND agent_id = ? AND created_at >= ?",
        jobid,
        kind,
        agent_id,
        world.clock.now() - life_s,
    )


def status_of(world: World, job: sqlite3.Row) -> int:
    """1 just ordered, 2 at work, 3 done."""
    now = world.clock.now()
    if job["done_at"] and job["done_at"] <= now:
        return DONE
    half = (job["created_at"] + job["done_at"]) / 2 if job["done_at"] else job["created_at"]
    return STARTED if now < half else AT_WORK


def result_of(job: sqlite3.Row) -> dict[str, Any]:
    """What came out."""
    result: dict[str, Any] = json.loads(job["result"])
    return result
