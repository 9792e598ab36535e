"""Windows, places at once, and trouble by chance."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.wecom.sandbox.world import Api
from wecom.sandbox.options import Options
from wecom.sandbox.wire.errors import ApiError
from wecom.sandbox.wire.limits import within_limits
from wecom.sandbox.wire.registry import Call
from wecom.sandbox.world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(Options(db=str(tmp_path / "sandbox.sqlite3")))


def a_call(world: World, path: str = "user/get", ip: str = "10.0.0.1") -> Call:
    return Call(world, path, {}, {}, ip)


async def enter(call: Call) -> int:
    """One call from beginning to end, by its code."""
    try:
        async with within_limits(call):
            return 0
    except ApiError as error:
        return error.code


def test_a_minute_holds_so_many_calls_and_the_block_lasts_a_minute(api: Api) -> None:
    api.control("clock", {"frozen": True})
    api.control("switches", {"limits": "real", "limit_per_minute": 3})
    codes = [api.get("department/list")["errcode"] for _ in range(5)]
    assert codes == [0, 0, 0, 45009, 45009]
    # Another path has a window of its own.
    assert api.get("user/get", userid="lin")["errcode"] == 0
    api.control("clock", {"advance_seconds": 59})
    assert api.get("department/list")["errcode"] == 45009
    api.control("clock", {"advance_seconds": 2})
    assert api.get("department/list")["errcode"] == 0


def test_nothing_is_counted_by_default(api: Api) -> None:
    api.control("switches", {"limit_per_minute": 1})
    assert [api.get("department/list")["errcode"] for _ in range(3)] == [0, 0, 0]


def test_the_hour_and_the_address_have_windows_too(world: World) -> None:
    world.clock.freeze()
    world.switches.turn({"limits": "real", "limit_per_hour": 2, "limit_ip_per_minute": 1})

    async def story() -> list[int]:
        first = await enter(a_call(world, ip="10.0.0.1"))
        same = await enter(a_call(world, ip="10.0.0.1"))
        world.clock.advance(61)
        other = await enter(a_call(world, ip="10.0.0.2"))
        world.clock.advance(3599)
        return [first, same, other, await enter(a_call(world, ip="10.0.0.3"))]

    # The second was the address's second in a minute, the third the corp's third in an hour.
    assert asyncio.run(story()) == [0, 45009, 45009, 45009]


def test_gettoken_has_a_limit_of_its_own(world: World) -> None:
    world.clock.freeze()
    world.switches.turn({"limits": "real", "limit_per_minute": 1, "gettoken_per_minute": 2})

    async def story() -> list[int]:
        return [await enter(a_call(world, "gettoken")) for _ in range(3)]

    assert asyncio.run(story()) == [0, 0, 45009]


@pytest.mark.parametrize(("path", "most"), [("externalcontact/mark_tag", 5), ("user/get", 3)])
def test_only_so_many_at_once(world: World, path: str, most: int) -> None:
    world.switches.turn({"limits": "real", "limit_in_flight": 3})

    async def story() -> tuple[int, int]:
        async with AsyncExitStack() as inside:
            for _ in range(most):
                await inside.enter_async_context(within_limits(a_call(world, path)))
            full = await enter(a_call(world, path))
        return full, await enter(a_call(world, path))

    assert asyncio.run(story()) == (45033, 0)


def test_a_reset_forgets_what_was_counted(world: World) -> None:
    world.clock.freeze()

    async def story() -> int:
        world.switches.turn({"limits": "real", "limit_per_minute": 1})
        await enter(a_call(world))
        return await enter(a_call(world))

    assert asyncio.run(story()) == 45009
    world.reset()
    world.clock.freeze()
    world.switches.turn({"limits": "real", "limit_per_minute": 1})
    assert asyncio.run(enter(a_call(world))) == 0


@pytest.mark.parametrize(
    ("switch", "said"), [("random_minus_one", {-1}), ("random_http_error", {502, 504})]
)
def test_chance_strikes_before_the_work_or_after_it_was_done(
    api: Api, switch: str, said: set[int]
) -> None:
    token = api.token()
    api.control("switches", {switch: 1.0})
    heard = set()
    for _ in range(24):
        answer = api.client.post(
            f"/sandbox/cgi-bin/externalcontact/add_contact_way?access_token={token}",
            json={"type": 1, "scene": 2, "user": ["lin"]},
        )
        heard.add(answer.json()["errcode"] if answer.status_code == 200 else answer.status_code)
    api.control("switches", {switch: 0.0})
    assert heard == said
    made = api.post("externalcontact/list_contact_way", {"limit": 100})["contact_way"]
    assert 0 < len(made) < 24
