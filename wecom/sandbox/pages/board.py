"""The start page and the control page: what happens, what can be turned, what can be done."""

import json
import time
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from wecom.sandbox.control import growing, letters, logs, seed
from wecom.sandbox.control.acts import words
from wecom.sandbox.switches import CHAPTERS
from wecom.sandbox.world import World

from .rendering import render, render_refusal

HOME = "/sandbox/control"
PLACES = {
    "": "总览",
    "acts": "动作",
    "switches": "开关",
    "faults": "故障与伪造",
    "deliveries": "回调",
    "calls": "接口调用",
    "world": "造数",
}
# Counting a million rows takes a moment; a page that refreshes by itself need not each time.
COUNT_AGAIN_S = 60.0
SLOW_COUNT_S = 0.05
CHOICES_SHOWN = 200
STATES = {
    "delivered": ("已送达", "good"),
    "failed": ("失败", "bad"),
    "dropped": ("故意丢弃", "warn"),
    "waiting": ("等待", ""),
    "sending": ("发送中", ""),
}


class Counts:
    """How much there is, counted again only when it is cheap, old, or the world another one."""

    def __init__(self) -> None:
        self.known: dict[str, int] = {}
        self.of: tuple[World | None, int] = (None, 0)
        self.again_at = 0.0

    def read(self, world: World) -> dict[str, int]:
        """The counts, at most a minute old."""
        now = time.monotonic()
        if self.of != (world, world.life) or now >= self.again_at:
            self.known, self.of = seed.count_all(world), (world, world.life)
            took = time.monotonic() - now
            self.again_at = now + (COUNT_AGAIN_S if took > SLOW_COUNT_S else 0.0)
        return self.known


COUNTS = Counts()


async def show_start(request: Request) -> Response:
    """/sandbox/: what this is and its doors."""
    world: World = request.app.state.world
    return render(request, "start.html", counts=COUNTS.read(world))


async def show_board(request: Request) -> Response:
    """/sandbox/control/ and the places below it."""
    place = request.path_params.get("place", "")
    fill = FILLERS.get(place)
    if fill is None:
        return render_refusal(request, "没有这一页")
    world: World = request.app.state.world
    shared = {
        "home": HOME,
        "place": place,
        "places": PLACES,
        "title": PLACES[place],
        "corp_id": world.corp_id,
        "clock": {"offset": world.clock.now() - time.time(), "frozen": world.clock.frozen_at},
        "states": STATES,
        "topics": "control",
    }
    query = dict(request.query_params)
    return render(request, f"control_{place or 'overview'}.html", **shared | fill(world, query))


def fill_overview(world: World, _query: dict[str, str]) -> dict[str, Any]:
    """Applications, counts, and the newest of both logs."""
    return {
        "counts": COUNTS.read(world),
        "apps": apps_of(world),
        "deliveries": logs.list_deliveries(world, {"limit": "12"})["deliveries"],
        "calls": logs.list_calls(world, {"limit": "12"})["calls"],
        "topics": "control people",
    }


def apps_of(world: World) -> list[dict[str, Any]]:
    """Applications with their lists unpacked."""
    return [
        dict(app)
        | {
            "events": json.loads(app["events"]),
            "trusted_ips": json.loads(app["trusted_ips"]),
            "departments": json.loads(app["visible_departments"] or "[]"),
        }
        for app in world.store.rows("SELECT * FROM app ORDER BY agent_id")
    ]


def fill_acts(world: World, _query: dict[str, str]) -> dict[str, Any]:
    """A form for every act, and whom its fields may name."""
    acts = words.describe_acts()
    return {
        "chapters": {who: [act for act in acts if act["who"] == who] for who in words.WHO},
        "known": known_names(world),
        "topics": "",
    }


def known_names(world: World) -> dict[str, list[dict[str, Any]]]:
    """What may be typed into the fields of acts, by the field's name: the newest of each kind."""
    asked = {
        "customer": "SELECT external_userid AS id, name FROM customer"
        " ORDER BY created_at DESC, external_userid DESC LIMIT ?",
        "userid": "SELECT userid AS id, name FROM member WHERE status != 5 ORDER BY userid LIMIT ?",
        "chat_id": "SELECT chat_id AS id, name FROM group_chat WHERE NOT dismissed LIMIT ?",
        "agent_id": "SELECT agent_id AS id, name FROM app ORDER BY agent_id LIMIT ?",
        "open_kfid": "SELECT open_kfid AS id, name FROM kf_account LIMIT ?",
        "config_id": "SELECT config_id AS id, 'contact' AS name FROM contact_way"
        " ORDER BY created_at DESC LIMIT ?",
        "msgid": "SELECT msgid AS id, chat_type AS name FROM mass_task"
        " ORDER BY created_at DESC LIMIT ?",
    }
    return {
        name: [dict(row) for row in world.store.rows(sql, CHOICES_SHOWN)]
        for name, sql in asked.items()
    }


def fill_switches(world: World, _query: dict[str, str]) -> dict[str, Any]:
    """Every switch under its chapter."""
    switches = [
        switch
        | {
            "is_flag": isinstance(switch["value"], bool),
            "is_number": isinstance(switch["value"], int | float),
        }
        for switch in world.switches.described()
    ]
    return {
        "chapters": {
            word: [switch for switch in switches if switch["chapter"] == chapter]
            for chapter, word in CHAPTERS.items()
            if any(switch["chapter"] == chapter for switch in switches)
        },
        "topics": "",
    }


def fill_faults(world: World, _query: dict[str, str]) -> dict[str, Any]:
    """Faults on order, tokens handed out, letters to applications."""
    return {
        "faults": world.store.rows("SELECT * FROM fault WHERE times != 0 ORDER BY id"),
        "apps": apps_of(world),
        "forgeries": letters.FORGERIES,
        "tokens": world.store.rows(
            "SELECT token.*, app.name FROM token JOIN app USING (agent_id)"
            " WHERE expires_at > ? ORDER BY expires_at DESC LIMIT 20",
            world.clock.now(),
        ),
    }


def fill_deliveries(world: World, query: dict[str, str]) -> dict[str, Any]:
    """The delivery log, filtered, a page at a time."""
    found = logs.list_deliveries(world, {"limit": "50"} | query)["deliveries"]
    return {"deliveries": found, "query": query, "apps": apps_of(world)} | pager(found, query)


def fill_calls(world: World, query: dict[str, str]) -> dict[str, Any]:
    """The call log, filtered, a page at a time."""
    found = logs.list_calls(world, {"limit": "50"} | query)["calls"]
    return {"calls": found, "query": query, "apps": apps_of(world)} | pager(found, query)


def pager(found: list[dict[str, Any]], query: dict[str, str]) -> dict[str, Any]:
    """Where the next page begins, and whether the shown one keeps up by itself."""
    older = min((row["id"] for row in found), default=0)
    return {
        "older": older if len(found) >= 50 else 0,
        "topics": "" if query.get("before") or query.get("after") else "control",
    }


def fill_world(world: World, _query: dict[str, str]) -> dict[str, Any]:
    """Seeding, growing, forgetting."""
    return {
        "counts": COUNTS.read(world),
        "sizes": growing.DEFAULTS,
        "most": growing.MOST,
        "is_bound": world.is_bound,
        "shop_url": world.store.setting("shop_url", ""),
        "topics": "people",
    }


FILLERS = {
    "": fill_overview,
    "acts": fill_acts,
    "switches": fill_switches,
    "faults": fill_faults,
    "deliveries": fill_deliveries,
    "calls": fill_calls,
    "world": fill_world,
}


async def go_start(_request: Request) -> Response:
    """The prefix without its slash."""
    return RedirectResponse("/sandbox/", 307)


ROUTES = [
    Route("/sandbox", go_start),
    Route("/sandbox/", show_start),
    Route(f"{HOME}/", show_board),
    Route(f"{HOME}/{{place}}/", show_board),
]
