"""``manage.py sandbox``: no setting, no database, no broker; an example corp; an old file."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path

import httpx

from tests.processes import wait_for
from wecom.sandbox import example
from wecom.sandbox.options import Options
from wecom.sandbox.store import Store
from wecom.sandbox.world import World

ROOT = Path(__file__).resolve().parents[3]


def test_it_starts_without_any_setting(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    command = [sys.executable, str(ROOT / "manage.py"), "sandbox", "--port", str(port)]
    command += ["--db", str(tmp_path / "new" / "sandbox.sqlite3"), "--example"]
    bare = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LANG": "C.UTF-8"}
    log = tmp_path / "log"
    with log.open("wb") as told:
        process = subprocess.Popen(command, env=bare, stdout=told, stderr=told)
        try:
            url = f"http://127.0.0.1:{port}/sandbox"

            def answers() -> bool:
                assert process.poll() is None, log.read_text()
                with socket.socket() as attempt:
                    return attempt.connect_ex(("127.0.0.1", port)) == 0

            wait_for(answers, "the sandbox alone")
            assert httpx.get(f"{url}/healthz").json()["corp_id"] == example.CORP_ID
            query = {"corpid": example.CORP_ID, "corpsecret": example.SECRET}
            assert httpx.get(f"{url}/cgi-bin/gettoken", params=query).json()["errcode"] == 0
            words = log.read_text()
            for said in (f"{url}/phone/", f"{url}/wecom/", f"{url}/control/", example.SECRET):
                assert said in words
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=20) in (0, -signal.SIGTERM)


def test_example_is_lively_and_repeats_without_change() -> None:
    world = World(Options())
    example.put_into(world, "")
    counts = {table: world.store.count(table) for table in ("member", "friendship", "message")}
    assert min(counts.values()) > 4
    example.put_into(world, "")
    assert counts == {table: world.store.count(table) for table in counts}


def test_example_leaves_another_corp_alone() -> None:
    world = World(Options())
    world.store.put_setting("corp_id", "ww9999999999999999")
    assert "没有放进示例" in example.put_into(world, "")
    assert world.store.count("member") == 0


def test_file_of_an_earlier_version_gets_its_columns_and_indexes(tmp_path: Path) -> None:
    path = str(tmp_path / "old.sqlite3")
    old = sqlite3.connect(path)
    old.executescript(
        "CREATE TABLE member (userid TEXT PRIMARY KEY COLLATE NOCASE, name TEXT NOT NULL)"
        " WITHOUT ROWID; INSERT INTO member VALUES ('lin', '林晓');"
    )
    old.close()
    store = Store(path)
    row = store.row("SELECT * FROM member")
    assert row is not None
    assert (row["name"], row["status"], row["contact"]) == ("林晓", 1, 1)
    assert store.value("SELECT 1 FROM sqlite_master WHERE name = 'members_gone'")
