"""The demo's watch over its children: killed, failing, stuck, orphaned. Real processes, small
programs.
"""

import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.supervisor.children import Child, Program, end_remembered, remember
from config.supervisor.progress import Progress
from config.supervisor.servers import Servers
from config.supervisor.watch import Watch
from tests.processes import is_running, wait_for

ROOT = Path(__file__).resolve().parents[2]
STEADY = "import sys, time; print('up', flush=True)\nwhile True: time.sleep(60)"
DEAF = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {STEADY}"
PARENT = (
    "import subprocess, sys, time\n"
    "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
    "print(child.pid, flush=True)\n"
    "time.sleep(600)"
)


def program(name: str, code: str) -> Program:
    return Program(name, [sys.executable, "-c", code], dict(os.environ))


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[Watch]:
    handlers = {n: signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    watching = Watch(
        Servers(tmp_path),
        Progress(1, io.StringIO()),
        tmp_path,
        pauses=(0.01, 0.01),
        stop_seconds=0.5,
    )
    yield watching
    watching.close()
    for number, handler in handlers.items():
        signal.signal(number, handler)


def begun(watch: Watch, folder: Path, name: str, code: str = STEADY) -> Child:
    child = Child(program(name, code), folder)
    watch.begin(child)
    wait_for(lambda: child.log.read_text() != "", f"the first line of {name}")
    return child


def said(watch: Watch) -> str:
    stream = watch.progress.stream
    assert isinstance(stream, io.StringIO)
    return stream.getvalue()


def pid_of(child: Child) -> int:
    assert child.process is not None
    return child.process.pid


def test_a_killed_child_is_begun_again_with_a_word(watch: Watch, tmp_path: Path) -> None:
    child = begun(watch, tmp_path, "web")
    first = pid_of(child)
    os.kill(first, signal.SIGKILL)
    wait_for(lambda: watch.look() and pid_of(child) != first, "the second beginning")
    assert is_running(pid_of(child))
    assert "web 被 SIGKILL 结束" in said(watch)


def test_what_a_killed_child_began_is_ended_before_it_begins_again(
    watch: Watch, tmp_path: Path
) -> None:
    child = begun(watch, tmp_path, "worker", PARENT)
    grandchild = int(child.log.read_text().split()[0])
    os.kill(pid_of(child), signal.SIGKILL)
    wait_for(lambda: watch.look() and not is_running(grandchild), "the end of the grandchild")


def test_a_child_that_keeps_failing_is_given_up_loudly(watch: Watch, tmp_path: Path) -> None:
    begun(watch, tmp_path, "beat", "print('no such table'); raise SystemExit(3)")
    assert watch.run() == 1
    assert said(watch).count("重新启动") == 2
    assert "no such table" in said(watch)
    assert "beat 一再结束" in said(watch)


def test_errors_in_a_log_are_passed_on_and_the_rest_is_not(watch: Watch, tmp_path: Path) -> None:
    lines = r"""print('{"level": "info", "event": "calm"}\n{"level": "error", "event": "alarm"}')"""
    begun(watch, tmp_path, "web", f"{lines}; {STEADY}")
    wait_for(lambda: watch.look() and "alarm" in said(watch), "the alarm")
    assert "calm" not in said(watch)


def test_closing_ends_everything_even_the_deaf(watch: Watch, tmp_path: Path) -> None:
    children = [begun(watch, tmp_path, "web"), begun(watch, tmp_path, "worker", DEAF)]
    pids = [pid_of(child) for child in children]
    watch.close()
    watch.close()
    assert not any(is_running(pid) for pid in pids)
    assert not (tmp_path / "children.json").exists()


def test_a_killed_parent_takes_its_children_with_it(tmp_path: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path\n"
        "from config.supervisor.children import Child, Program\n"
        f"child = Child(Program('web', [sys.executable, '-c', {STEADY!r}], dict(os.environ)),"
        f" Path({str(tmp_path)!r}))\n"
        "child.start(); print(child.process.pid, flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        parent.kill()
    wait_for(lambda: not is_running(child), "the end of the child")


def test_leftovers_of_a_killed_demo_are_ended_and_strangers_let_alone(tmp_path: Path) -> None:
    left = Child(program("worker", DEAF), tmp_path)
    left.start()
    stranger = Child(program("stranger", STEADY), tmp_path)
    stranger.start()
    notes = tmp_path / "children.json"
    remember([left, stranger], notes)
    noted = json.loads(notes.read_text())
    noted["stranger"][1] = "another boot 1"  # as if the number had been given away again since
    notes.write_text(json.dumps(noted))
    words: list[str] = []
    end_remembered(notes, words.append, seconds=0.5)
    try:
        assert left.status() in (-signal.SIGTERM, -signal.SIGKILL)
        assert stranger.status() is None
        assert len(words) == 1
    finally:
        for child in (left, stranger):
            child.ask_to_stop()
            child.finish()
