"""F-11: twenty workers in two processes against a WeCom that counts.

`FAULT_TRIALS=full` makes 10 000 calls and asks for the throughput too; that it is near the limit
is shown without real time in tests/wecom/gateway/test_governor.py.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import requests
from django.conf import settings

from tests.faults.limited import API
from tests.sandbox import Sandbox
from tests.servers import TestServers

IS_FULL = os.environ.get("FAULT_TRIALS") == "full"
PROCESSES, THREADS = 2, 10
# Calls in all; how many fit into one of WeCom's minutes, and how long these last here.
CALLS, MINUTE_LIMIT, MINUTE = (10_000, 1_000, 12.0) if IS_FULL else (240, 80, 1.0)
AT_ONCE = 6
OVER = (45009, 45033)


def heard_by(wecom: Sandbox) -> Counter[int]:
    """Answers of the API by code, as the sandbox remembers them."""
    return Counter(call["errcode"] for call in pages_of(wecom))


def pages_of(wecom: Sandbox) -> Iterator[dict[str, int]]:
    before = 10**12
    while rows := wecom.get("calls", path=API, limit=1000, before=before)["calls"]:
        yield from rows
        before = min(row["id"] for row in rows)


def a_process(wecom: Sandbox, servers: TestServers) -> subprocess.Popen[str]:
    limits = {"*": {"minute": MINUTE_LIMIT, "in_flight": AT_ONCE, "minute_seconds": MINUTE}}
    known = {
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        # Only a demo and a developer may take the sandbox for WeCom.
        "DEBUG": "1",
        "REDIS_URL": servers.redis_url,
        "WECOM_API_BASE_URL": f"{wecom.url}/sandbox/cgi-bin/",
        "WECOM_LIMITS": json.dumps(limits),
        "WECOM_PATIENCE_SECONDS": "0.2",
        "LOG_LEVEL": "ERROR",
    }
    command = [sys.executable, "-m", "tests.faults.limited", str(THREADS)]
    return subprocess.Popen(
        [*command, str(CALLS // PROCESSES)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, **known},
        text=True,
    )


def test_no_worker_goes_over_the_limit_and_no_call_is_lost(
    wecom: Sandbox, servers: TestServers
) -> None:
    wecom.post(
        "switches",
        limits="real",
        limit_minute_s=MINUTE,
        limit_per_minute=MINUTE_LIMIT,
        limit_in_flight=AT_ONCE,
        api_latency_s=0.005,
    )
    processes = [a_process(wecom, servers) for _ in range(PROCESSES)]
    begun = time.monotonic()
    with ThreadPoolExecutor(PROCESSES) as pool:
        told = list(pool.map(lambda one: one.communicate("go\n", timeout=580)[0], processes))
    seconds = time.monotonic() - begun
    assert [one.returncode for one in processes] == [0] * PROCESSES
    assert sum(int(line) for line in told) == CALLS
    heard = heard_by(wecom)
    assert heard[0] == CALLS
    assert sum(heard[code] for code in OVER) < CALLS * 0.005
    if IS_FULL:
        assert CALLS / seconds >= 0.8 * MINUTE_LIMIT / MINUTE


def test_the_same_crowd_without_a_governor_is_refused_by_the_score(wecom: Sandbox) -> None:
    wecom.post("switches", limits="real", limit_per_minute=40, limit_in_flight=AT_ONCE)
    base = f"{wecom.url}/sandbox/cgi-bin"
    secret = settings.WECOM_APPS["main"]["secret"]
    asked = {"corpid": settings.WECOM_CORP_ID, "corpsecret": secret}
    token = requests.get(f"{base}/gettoken", params=asked, timeout=30).json()["access_token"]
    query = {"access_token": token, "userid": "LinXiao"}
    together = threading.Barrier(THREADS)

    def work(_: int) -> None:
        together.wait(30)
        for _ in range(10):
            requests.get(f"{base}/{API}", params=query, timeout=30)

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(work, range(THREADS)))
    heard = heard_by(wecom)
    assert sum(heard.values()) == THREADS * 10
    # In one minute 40 are answered; it would take the crowd more than two to come by.
    assert sum(heard[code] for code in OVER) >= 20
