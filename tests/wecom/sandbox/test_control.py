"""Seeding, switches, determinism, and a process that is killed."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.wecom.sandbox.receiver import Receiver
from tests.wecom.sandbox.world import CHEN, CORP, GROUP, LIN, Api, seed_of


def test_seed_repeats_without_change(api: Api) -> None:
    first = api.control("state")["counts"]
    api.act("join_group", customer=CHEN, chat_id=GROUP)
    api.befriend(state="keep")
    again = api.control(
        "seed", seed_of() | {"friends": [{"userid": LIN, "external_userid": CHEN, "state": "x"}]}
    )["counts"]
    assert again["members"] == first["members"]
    assert again["group_members"] == first["group_members"] + 1
    friend = api.control(f"state/customer/{CHEN}")["friends"][0]
    assert (friend["state"], friend["status"]) == ("keep", "friends")


def test_seed_is_all_or_nothing(api: Api) -> None:
    broken = {"members": [{"userid": "new", "name": "新人"}], "groups": [{"chat_id": "wrX"}]}
    answer = api.client.post("/sandbox/control/api/seed", json=broken)
    assert answer.status_code == 409
    assert api.get("user/get", userid="new")["errcode"] == 60111


def test_seed_makes_no_callbacks(heard_api: Api, receiver: Receiver) -> None:
    friend = {"userid": LIN, "external_userid": CHEN}
    heard_api.control("seed", {"friends": [friend]})
    assert heard_api.control("deliveries")["deliveries"] == []
    assert receiver.received == []


def test_another_corp_is_refused_until_reset(api: Api) -> None:
    other = {"corp_id": "ww9999999999999999"}
    assert api.client.post("/sandbox/control/api/seed", json=other).status_code == 409
    api.control("reset", {})
    assert api.control("seed", other)["ok"]


def test_large_brand_is_seeded_quickly(empty_api: Api) -> None:
    seed = {
        "corp_id": CORP,
        "departments": [{"id": n, "name": f"店{n}"} for n in range(2, 202)],
        "members": [
            {"userid": f"g{n}", "name": f"导购{n}", "department": 2 + n % 200}
            for n in range(50_000)
        ],
    }
    began = time.monotonic()
    empty_api.control("seed", seed)
    assert time.monotonic() - began < 10
    assert empty_api.control("state")["counts"]["members"] == 50_000


def test_same_seed_same_ids(api: Api) -> None:
    def story() -> tuple[object, ...]:
        api.control("reset", {})
        api.control("seed", seed_of())
        api.tokens.clear()
        way = api.post("externalcontact/add_contact_way", {"type": 1, "scene": 2, "user": [LIN]})
        customer = api.act("create_customer")["customer"]
        return way["config_id"], customer["external_userid"], customer["unionid"], api.token()

    assert story() == story()


def test_switches_refuse_nonsense(api: Api) -> None:
    for wrong in ({"no_such": 1}, {"mass_quota": "hourly"}, {"token_ttl_s": -1}, {"profile": "x"}):
        answer = api.client.post("/sandbox/control/api/switches", json=wrong)
        assert answer.status_code == 409, wrong
    switches = api.control("switches", {"profile": "real"})["switches"]
    assert (switches["msgaudit_interval_s"], switches["dispatch_delay_s"]) == (15, 3)


def test_unknown_acts_and_bodies_are_refused(api: Api) -> None:
    post = api.client.post
    assert post("/sandbox/control/api/acts/fly", json={}).status_code == 404
    assert post("/sandbox/control/api/acts/chat", content=b"[]").status_code == 400
    assert "customer" in api.refused("delete_guide", userid=LIN)
    assert api.client.get("/sandbox/control/api/state/customer/wmX").status_code == 409


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def process(port: int, db: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The sandbox as its own command starts it."""
    command = [sys.executable, "-m", "wecom.sandbox", "--port", str(port), "--db", str(db)]
    running = subprocess.Popen(command, env={**os.environ, "DJANGO_SETTINGS_MODULE": ""})
    try:
        deadline = time.monotonic() + 20
        while True:
            try:
                httpx.get(f"http://127.0.0.1:{port}/sandbox/healthz", trust_env=False)
                break
            except httpx.TransportError:
                assert running.poll() is None
                assert time.monotonic() < deadline
        yield running
    finally:
        running.kill()
        running.wait()


def test_killed_process_goes_on_where_it_was(tmp_path: Path, receiver: Receiver) -> None:
    port, db = free_port(), tmp_path / "deep" / "sandbox.sqlite3"
    receiver.statuses = [500]
    with (
        process(port, db) as running,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client,
    ):
        api = Api(client)
        api.control("seed", seed_of(receiver.url))
        api.control("switches", {"callback_retry_pause_s": 1.0})
        token = api.token()
        api.befriend()
        receiver.wait_for(1)
        running.send_signal(signal.SIGKILL)
        running.wait()
    with (
        process(port, db),
        httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client,
    ):
        first, second = receiver.wait_for(2)
        assert first.inner_xml == second.inner_xml
        api = Api(client)
        assert api.token() == token
        assert api.get("externalcontact/list", userid=LIN)["external_userid"] == [CHEN]


def test_sandbox_imports_nothing_of_the_product() -> None:
    program = (
        "import sys, wecom.sandbox.app;"
        "bad = [m for m in sys.modules if m.split('.')[0] in"
        " {'django', 'wechatpy', 'kit', 'config', 'stores'} or m.startswith('wecom.gateway')];"
        "sys.exit(str(bad) if bad else 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
