"""One program of the demo as a child process: begun, watched, ended with everything it began
itself.
"""

import json
import os
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from config.embedded.processes import (
    Say,
    die_with_parent,
    last_lines,
    open_log,
    stop_process,
    write_private,
)
from config.supervisor.environment import PROJECT

STOP_SECONDS = 6.0


@dataclass(frozen=True)
class Program:
    """What to run, in which environment, and how its lines are coloured."""

    name: str
    command: list[str]
    environment: Mapping[str, str] = field(repr=False)
    colour: str = "cyan"


class Child:
    """A program with its present process, its log, and its place in a session of its own."""

    def __init__(self, program: Program, logs: Path) -> None:
        self.program = program
        self.log = logs / f"{program.name}.log"
        self.process: subprocess.Popen[bytes] | None = None
        self._read_until = 0

    def start(self) -> None:
        """Begin the program; it ends when this process does, and never hears the terminal's
        Ctrl-C.
        """
        with open_log(self.log) as output:
            self._read_until = output.seek(0, os.SEEK_END)
            self.process = subprocess.Popen(  # noqa: S603 - programs of our own
                self.program.command,
                cwd=PROJECT,
                env=dict(self.program.environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=die_with_parent(signal.SIGTERM),
            )

    def status(self) -> int | None:
        """The exit status (negative: the signal that killed it), None while it runs or before."""
        return None if self.process is None else self.process.poll()

    def ask_to_stop(self) -> None:
        """Ask the program to end in order."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()

    def finish(self, seconds: float = STOP_SECONDS) -> None:
        """Wait for its end, then end by force what is left of it and of what it began."""
        if self.process is None:
            return
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.kill_leftovers()

    def kill_leftovers(self) -> None:
        """End what the ended program began and left: all of it is in the program's own group."""
        if self.process is not None:
            kill_group(self.process.pid)

    def new_lines(self) -> list[str]:
        """Give the lines that were logged since the last look."""
        try:
            with self.log.open("rb") as file:
                file.seek(self._read_until)
                fresh = file.read()
        except OSError:
            return []
        whole = fresh[: fresh.rfind(b"\n") + 1]
        self._read_until += len(whole)
        return whole.decode("utf-8", "replace").splitlines()

    def last_words(self) -> str:
        """The end of its log."""
        return last_lines(self.log, 20)


def kill_group(group: int) -> None:
    """Kill every process of a group; an empty one is no error."""
    try:
        os.killpg(group, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def remember(children: list[Child], path: Path) -> None:
    """Note who runs, for a start that finds this one killed."""
    running = {
        child.program.name: [child.process.pid, _began(child.process.pid)]
        for child in children
        if child.process is not None and child.process.poll() is None
    }
    write_private(path, json.dumps(running))


def end_remembered(path: Path, say: Say, seconds: float = STOP_SECONDS) -> None:
    """End the children that a killed demo left; a process that merely got such a number is let
    alone.
    """
    if not path.exists():
        return
    for name, (pid, began) in json.loads(path.read_text(encoding="utf-8")).items():
        if _began(pid) == began:
            say(f"停止上次遗留的 {name}（进程 {pid}）/ stopping a leftover")
            stop_process(pid, [(signal.SIGTERM, seconds), (signal.SIGKILL, 5.0)])
            kill_group(pid)
    path.unlink()


def _began(pid: int) -> str:
    """When a process began, in the kernel's own count since start-up: with the number it names
    one process for good.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""
    return f"{boot} {stat.rpartition(')')[2].split()[19]}"
