"""The demo's SMS gateway as the product meets it: over HTTP, as a process of its own."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from config.embedded.processes import choose_port
from tests.processes import wait_for

ROOT = Path(__file__).resolve().parents[2]
KEY = "key-of-the-tests"


@pytest.fixture(scope="module")
def gateway() -> Iterator[httpx.Client]:
    port = choose_port()
    command = [sys.executable, "-m", "config.supervisor.sms_gateway", "--port", str(port)]
    environment = {**os.environ, "SMS_GATEWAY_KEY": KEY}
    with (
        subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL) as process,
        httpx.Client(
            base_url=f"http://127.0.0.1:{port}",
            headers={"Authorization": f"Bearer {KEY}"},
            trust_env=False,
        ) as client,
    ):
        wait_for(lambda: is_answering(client), "the gateway")
        yield client
        process.terminate()


def is_answering(client: httpx.Client) -> bool:
    try:
        return client.get("/healthz").is_success
    except httpx.ConnectError:
        return False


def texts(gateway: httpx.Client, phone: str) -> list[str]:
    return [
        row["text"] for row in gateway.get("/messages", params={"phone": phone}).json()["messages"]
    ]


def test_a_message_is_kept_for_its_phone(gateway: httpx.Client) -> None:
    answer = gateway.post("/send", json={"phone": "13900000001", "text": "验证码 123456"})
    assert answer.json()["ok"] is True
    assert texts(gateway, "13900000001") == ["验证码 123456"]
    assert texts(gateway, "13900000002") == []


def test_the_same_request_is_taken_once(gateway: httpx.Client) -> None:
    body = {"phone": "13900000003", "text": "一次", "request_id": "r-1"}
    first, second = (gateway.post("/send", json=body).json() for _ in range(2))
    assert first == second
    assert texts(gateway, "13900000003") == ["一次"]


@pytest.mark.parametrize(
    "body",
    [
        {"phone": "139", "text": "x"},
        {"phone": "13900000004"},
        {"phone": "13900000004", "text": ""},
        {"phone": "13900000004", "text": "x" * 501},
        {"phone": ["13900000004"], "text": "x"},
        ["not", "an", "object"],
    ],
)
def test_nonsense_is_refused(gateway: httpx.Client, body: object) -> None:
    assert gateway.post("/send", json=body).status_code == 400
    assert texts(gateway, "13900000004") == []


def test_broken_json_is_refused(gateway: httpx.Client) -> None:
    assert gateway.post("/send", content=b"{").status_code == 400


def test_a_sender_without_the_key_is_refused(gateway: httpx.Client) -> None:
    for given in ("", "Bearer wrong", "Bearer é"):
        answer = gateway.post(
            "/send",
            json={"phone": "13900000005", "text": "x"},
            headers={b"Authorization": given.encode()},
        )
        assert answer.status_code == 401
    assert texts(gateway, "13900000005") == []


def test_a_person_reads_the_newest_first_and_nothing_runs(gateway: httpx.Client) -> None:
    for text in ("older", "<script>alert(1)</script>"):
        gateway.post("/send", json={"phone": "13900000006", "text": text})
    page = gateway.get("/").text
    assert "<script" not in page
    assert page.index("&lt;script&gt;") < page.index("older")
