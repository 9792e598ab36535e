"""The demo's files between its processes: environment, secrets, notes, the lock, and ports."""

import base64
import os
import shlex
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from config.embedded.processes import FolderInUseError, choose_port
from config.supervisor.environment import (
    demo_lock,
    kept_secrets,
    load_demo_env,
    read_env_file,
    wait_until_open,
    write_env_file,
)
from config.supervisor.notes import Notes, digest
from config.supervisor.ports import PortInUseError, choose_web_port, is_listening

ROOT = Path(__file__).resolve().parents[2]
ODD = {"PLAIN": "a", "JSON": '{"a": "it\'s 1"}', "EMPTY": "", "CHINESE": "晴 川", "EQUALS": "a=b=="}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("DATABASE_URL", "REDIS_URL", "DATABASE_OWNER_URL", "DATABASE_ROLE", *ODD):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    return tmp_path


def test_the_environment_file_is_read_back_and_by_a_shell_too(tmp_path: Path) -> None:
    path = tmp_path / "demo.env"
    write_env_file(path, ODD, "A heading = with a sign")
    assert read_env_file(path) == ODD
    assert path.stat().st_mode & 0o777 == 0o600
    command = f'set -a; . {shlex.quote(str(path))}; printf "%s|" ' + " ".join(
        f'"${name}"' for name in ODD
    )
    seen = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, check=True)
    assert seen.stdout == "".join(f"{value}|" for value in ODD.values())


def test_secrets_are_made_once_and_completed_later(folder: Path) -> None:
    first = kept_secrets(folder)
    path = folder / "secrets.env"
    without = {name: value for name, value in first.items() if name != "TILL_KEY"}
    write_env_file(path, without, "As an older version left it")
    second = kept_secrets(folder)
    assert {**second, "TILL_KEY": ""} == {**first, "TILL_KEY": ""}
    assert second["TILL_KEY"] != first["TILL_KEY"]
    assert kept_secrets(folder) == second
    assert path.stat().st_mode & 0o777 == 0o600


def test_keys_have_the_length_their_ciphers_want(folder: Path) -> None:
    made = kept_secrets(folder)
    assert len(base64.b64decode(made["FIELD_KEYS"].partition(":")[2])) == 32
    assert len(base64.b64decode(made["BLIND_INDEX_KEY"])) == 32
    assert len(made["WECOM_CALLBACK_AES_KEY"]) == 43
    assert len(base64.b64decode(made["WECOM_CALLBACK_AES_KEY"] + "=")) == 32


@pytest.mark.usefixtures("folder")
def test_commands_find_the_running_demo(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLAIN", "mine")
    write_env_file(folder / "demo.env", {**ODD, "DATABASE_URL": "postgresql://demo"}, "x")
    load_demo_env(["shell"])
    assert os.environ["DATABASE_URL"] == "postgresql://demo"
    assert os.environ["CHINESE"] == ODD["CHINESE"]
    assert os.environ["PLAIN"] == "mine"
    for name in (*ODD, "DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("given", ["DATABASE_URL", "REDIS_URL"])
def test_a_command_that_names_its_servers_is_left_alone(
    folder: Path, monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    monkeypatch.setenv(given, "mine")
    write_env_file(folder / "demo.env", {"CHINESE": "x", "DATABASE_URL": "demo"}, "x")
    load_demo_env(["shell"])
    assert "CHINESE" not in os.environ
    assert os.environ[given] == "mine"


def test_migrations_work_as_the_owner(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "working")
    monkeypatch.setenv("DATABASE_OWNER_URL", "owning")
    monkeypatch.setenv("DATABASE_ROLE", "brand_app")
    load_demo_env(["check"])
    assert os.environ["DATABASE_URL"] == "working"
    load_demo_env(["migrate"])
    assert os.environ["DATABASE_URL"] == "owning"
    assert "DATABASE_ROLE" not in os.environ


def test_a_second_demo_of_the_folder_is_refused_by_the_holders_number(folder: Path) -> None:
    code = (
        "import sys; from config.supervisor.environment import demo_lock\n"
        "lock = demo_lock(); lock.acquire(); print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        other.stdout.readline()
        assert demo_lock().holder() == str(other.pid)
        with pytest.raises(FolderInUseError, match=str(other.pid)):
            demo_lock().acquire()
        other.kill()
    mine = demo_lock()
    mine.acquire()
    mine.release()
    assert demo_lock().holder() == ""


def test_an_open_demo_is_one_whose_file_names_the_holder(folder: Path) -> None:
    lock = demo_lock()
    lock.acquire()
    write_env_file(folder / "demo.env", {"DEMO_PID": str(os.getpid()), "BASE_URL": "here"}, "x")
    assert wait_until_open(lambda _: None)["BASE_URL"] == "here"
    lock.release()


def test_the_file_of_a_demo_that_is_gone_opens_nothing(folder: Path) -> None:
    write_env_file(folder / "demo.env", {"DEMO_PID": str(os.getpid())}, "x")
    with pytest.raises(SystemExit, match="make demo"):
        wait_until_open(lambda _: None, patience=0.3)


def test_a_port_that_was_asked_for_and_is_taken_names_its_holder() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(PortInUseError, match=f"{port}.*{os.getpid()}"):
            choose_web_port(str(port), lambda _: None)
        assert choose_port(port) != port
        assert is_listening(os.getpid(), port)
        assert not is_listening(os.getppid(), port)
    assert choose_web_port(str(port), lambda _: None) == port


@pytest.mark.parametrize("asked", ["abc", "0", "65536", "-1", "80.5"])
def test_nonsense_is_no_port(asked: str) -> None:
    with pytest.raises(PortInUseError, match="PORT"):
        choose_web_port(asked, lambda _: None)


def test_the_default_port_gives_way_with_a_word() -> None:
    words: list[str] = []
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            taken.bind(("127.0.0.1", 8000))
            taken.listen()
        except OSError:
            pass  # somebody else holds it, which serves as well
        assert choose_web_port(None, words.append) > 8000
    assert "8000" in words[0]


def test_a_step_is_done_only_with_the_same_contents(tmp_path: Path) -> None:
    notes, file = Notes(tmp_path / "notes.json"), tmp_path / "a.py"
    file.write_text("1")
    notes.done("step", digest([file], "database 1"))
    assert notes.is_done("step", digest([file], "database 1"))
    assert not notes.is_done("step", digest([file], "database 2"))
    file.write_text("2")
    assert not notes.is_done("step", digest([file], "database 1"))


def test_spoilt_notes_are_no_notes(tmp_path: Path) -> None:
    (tmp_path / "notes.json").write_text('{"half')
    notes = Notes(tmp_path / "notes.json")
    assert notes.read("port", "1") == "1"
    notes.write("port", "2")
    assert notes.read("port", "1") == "2"
