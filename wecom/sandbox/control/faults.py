"""Faults on demand, the clock, tokens made bad, callbacks sent again."""

import time
from typing import Any

from wecom.sandbox.truth import events
from wecom.sandbox.world import Refused, World

Body = dict[str, Any]


def order_fault(world: World, body: Body) -> dict[str, Any]:
    """The next ``times`` calls of a path go wrong; -1 is until it is taken back."""
    path = body.get("path")
    if not isinstance(path, str) or not path:
        raise Refused("缺少 path：哪个接口")
    kinds = ("errcode", "http_status", "delay_s")
    if not body.get("cut") and not any(body.get(kind) is not None for kind in kinds):
        raise Refused("错误码、HTTP 状态、延迟、断线至少填一个")
    number = world.store.insert(
        "INSERT INTO fault (path, errcode, errmsg, http_status, delay_s, times, cut)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        path.removeprefix("/cgi-bin/").removeprefix("cgi-bin/"),
        body.get("errcode"),
        body.get("errmsg") or "",
        body.get("http_status"),
        float(body.get("delay_s") or 0),
        int(body.get("times", 1)),
        bool(body.get("cut")),
    )
    world.live.announce("control")
    return {"id": number}


def list_faults(world: World) -> dict[str, Any]:
    """Faults that still have something to spoil."""
    rows = world.store.rows("SELECT * FROM fault WHERE times != 0 ORDER BY id")
    return {"faults": [dict(row) for row in rows]}


def clear_faults(world: World) -> dict[str, Any]:
    """Take every fault back."""
    world.store.run("DELETE FROM fault")
    world.live.announce("control")
    return {}


def move_clock(world: World, body: Body) -> dict[str, Any]:
    """Set, advance, stop (at ``at``) or start the simulated time."""
    known = ("offset_seconds", "advance_seconds", "frozen", "at")
    if not any(name in body for name in known):
        raise Refused(f"缺少 {'、'.join(known)} 之一")
    if "offset_seconds" in body:
        world.clock.move(float(body["offset_seconds"]))
    if body.get("frozen") is True or "at" in body:
        world.clock.freeze(at=float(body["at"]) if "at" in body else None)
    if "advance_seconds" in body:
        world.clock.advance(float(body["advance_seconds"]))
    if body.get("frozen") is False:
        world.clock.thaw()
    world.wake_courier()
    world.live.announce("control", "tasks")
    return show_clock(world)


def show_clock(world: World) -> dict[str, Any]:
    """The simulated now, how far it is from the real one, whether it stands still."""
    clock = world.clock
    return {
        "now": clock.now(),
        "offset_seconds": clock.now() - time.time() if clock.frozen_at else clock.offset,
        "frozen": clock.frozen_at is not None,
    }


def expire_tokens(world: World, body: Body) -> dict[str, Any]:
    """Make issued tokens bad from now on; gettoken hands out a new one."""
    errcode = int(body.get("errcode") or 42001)
    agent_id = int(body.get("agent_id") or 0)
    changed = world.store.run(
        "UPDATE token SET bad_errcode = ? WHERE bad_errcode = 0 AND (? = 0 OR agent_id = ?)",
        errcode,
        agent_id,
        agent_id,
    )
    return {"expired": changed}


def replay(world: World, body: Body) -> dict[str, Any]:
    """Send an event to its application once more, the same inner XML."""
    row = world.store.row(
        "SELECT * FROM delivery WHERE event_id = ? ORDER BY id LIMIT 1",
        body.get("event_id"),
    )
    if row is None:
        raise Refused("没有这个事件")
    app = world.store.row("SELECT * FROM app WHERE agent_id = ?", row["agent_id"])
    if app is None:
        raise Refused("它的应用已不存在")
    number = events.queue_delivery(world, app, row["event"], row["change_type"], row["inner_xml"])
    return {"event_id": number}
