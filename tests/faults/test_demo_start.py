"""``manage.py demo`` as people treat it: killed while it opens or runs, begun twice at once."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.embedded.postgres import remove_postgres
from config.embedded.processes import choose_port
from config.supervisor.environment import read_env_file
from tests.processes import processes_of, wait_for

ROOT = Path(__file__).resolve().parents[2]
STEP_SECONDS = 120.0
GIVEN = {"DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE", "SECRET_KEY"}


class Demo:
    """A demo in a folder of its own, begun and ended as often as a test likes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder.with_suffix(".log")
        self.environment = {k: v for k, v in os.environ.items() if k not in GIVEN}
        self.environment |= {"DATA_DIR": str(folder), "PORT": str(choose_port())}
        self.process: subprocess.Popen[bytes] | None = None

    def begin(self) -> subprocess.Popen[bytes]:
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "demo"],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        return self.process

    def begin_and_wait_for(self, word: str) -> subprocess.Popen[bytes]:
        """Begin it and wait until it has said the word; its own end before that is a failure."""
        process = self.begin()
        wait_for(
            lambda: word in self.said() or process.poll() is not None, word, seconds=STEP_SECONDS
        )
        assert word in self.said(), self.said()
        return process

    def said(self) -> str:
        return self.log.read_text(encoding="utf-8")

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def running(self) -> list[int]:
        pointer = self.folder / "postgres" / "cluster-is-at"
        cluster = [pointer.read_text().strip()] if pointer.exists() else []
        return processes_of(f"DATA_DIR={self.folder}", f"{self.folder}/", *cluster)


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    story = Demo(tmp_path / "data")
    yield story
    if story.process is not None and story.process.poll() is None:
        story.process.terminate()
        story.process.wait(60)
    remove_postgres(story.folder / "postgres", lambda _: None)


def test_killed_again_and_again_it_opens_as_if_nothing_had_been(demo: Demo) -> None:
    for step in ("[3/8]", "[5/8]", "[8/8]"):
        demo.begin_and_wait_for(step)
        demo.kill()
        wait_for(lambda: demo.running() == [], f"the end of everything begun before {step}")
    kept = read_env_file(demo.folder / "secrets.env")

    opened = demo.begin_and_wait_for("Ctrl-C")
    environment = read_env_file(demo.folder / "demo.env")
    assert environment["DEMO_PID"] == str(opened.pid)
    assert environment == {**environment, **kept}

    second = subprocess.run(
        [sys.executable, "manage.py", "demo"],
        cwd=ROOT,
        env={**demo.environment, "PORT": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert second.returncode == 1
    assert str(opened.pid) in second.stdout

    opened.send_signal(signal.SIGTERM)
    assert opened.wait(60) == 0
    assert demo.running() == []
