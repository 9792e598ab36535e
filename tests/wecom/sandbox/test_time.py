"""The simulated clock stands, goes on, and is the same after a restart."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.wecom.sandbox.world import LIN, Api
from wecom.sandbox.clock import Clock
from wecom.sandbox.store import Store


def test_a_standing_clock_moves_only_when_told(api: Api) -> None:
    stopped = api.control("clock", {"frozen": True})
    assert stopped["frozen"]
    assert api.control("clock")["now"] == stopped["now"]
    moved = api.control("clock", {"advance_seconds": 90})
    assert moved["now"] == pytest.approx(stopped["now"] + 90)
    assert api.control("clock")["now"] == moved["now"]
    assert not api.control("clock", {"frozen": False})["frozen"]
    assert api.control("clock")["offset_seconds"] == pytest.approx(90, abs=10)


def test_it_may_stand_at_any_moment(api: Api) -> None:
    assert api.control("clock", {"at": 1_700_000_000})["now"] == 1_700_000_000
    told = api.act("create_customer")["customer"]["external_userid"]
    friend = {"userid": LIN, "external_userid": told}
    api.control("seed", {"friends": [friend]})
    assert api.control(f"state/customer/{told}")["friends"][0]["created_at"] == 1_700_000_000


def test_nonsense_is_refused_and_a_reset_starts_it(api: Api) -> None:
    assert api.client.post("/sandbox/control/api/clock", json={}).status_code == 409
    api.control("clock", {"frozen": True})
    api.control("reset", {})
    assert api.control("clock") | {"now": 0} == {
        "ok": True,
        "now": 0,
        "offset_seconds": 0.0,
        "frozen": False,
    }


def test_a_restart_keeps_the_standstill(tmp_path: Path) -> None:
    real = [1000.0]

    def told() -> float:
        return real[0]

    store = Store(str(tmp_path / "sandbox.sqlite3"))
    clock = Clock(store, told)
    clock.move(500.0)
    clock.freeze()
    real[0] = 1100.0
    again = Clock(store, told)
    assert (again.now(), again.frozen_at) == (1500.0, 1500.0)
    again.thaw()
    real[0] = 1110.0
    assert (again.now(), Clock(store, told).now()) == (1510.0, 1510.0)


def test_a_crowd_comes_within_one_second(api: Api) -> None:
    app = {"agent_id": 1000002, "name": "导购", "secret": "guide-app-secret"}
    hearing = app | {"callback_url": "http://127.0.0.1:9/", "callback_token": "t"}
    api.control("seed", {"apps": [hearing | {"callback_aes_key": "x" * 43}]})
    came = api.act("burst", userid=LIN, many=40, state="live")["customers"]
    assert len(set(came)) == 40
    rows = api.control("deliveries", limit=500)["deliveries"]
    adds = [row["inner_xml"] for row in rows if row["change_type"] == "add_external_contact"]
    times = {re.search(r"<CreateTime>(\d+)<", text)[1] for text in adds}  # type: ignore[index]
    customers = {re.search(r"CDATA\[(wm\w+)\]", text)[1] for text in adds}  # type: ignore[index]
    assert (len(times), customers) == (1, set(came))
    assert not api.control("clock")["frozen"]
