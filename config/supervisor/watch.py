"""Watches the open demo: begins again what was killed, shows what goes wrong, and ends everything
in order.
"""

import os
import select
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from config.embedded.processes import EmbeddedServerError
from config.supervisor.children import STOP_SECONDS, Child, remember
from config.supervisor.progress import Progress
from config.supervisor.servers import Servers

_LOOK_EVERY_SECONDS = 0.5
_FIRST_WORD_AFTER_SECONDS = 15.0
PAUSES = (0.2, 1.0, 2.0, 4.0, 8.0)
# A program that ran this long was well; what happens next is a new story.
_WELL_AFTER_SECONDS = 60.0
_TROUBLE = (
    '"level": "error"',
    '"level": "critical"',
    "Traceback (most recent",
    "ERROR",
    "CRITICAL",
)


class StopRequested(BaseException):
    """Ctrl-C, SIGTERM or a closed terminal: not an Exception, so that nothing on the way swallows
    it.
    """


def stop_on_signals() -> None:
    """Turn the first request to end into StopRequested; from then on a further one only hurries."""

    def request(number: int, _: FrameType | None) -> None:
        ignore_signals()
        raise StopRequested(signal.Signals(number).name)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, request)


def ignore_signals() -> None:
    """Let nothing interrupt the orderly end, which is short and bounded."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


@dataclass
class _Record:
    """How a child has fared lately."""

    began: float = 0.0
    falls: int = 0
    again_at: float | None = None


class Watch:
    """The children and servers of one open demo."""

    def __init__(
        self,
        servers: Servers,
        progress: Progress,
        folder: Path,
        *,
        pauses: Sequence[float] = PAUSES,
        stop_seconds: float = STOP_SECONDS,
    ) -> None:
        self.servers = servers
        self._pauses = pauses
        self._stop_seconds = stop_seconds
        self.progress = progress
        self.children: list[Child] = []
        self._records: dict[str, _Record] = {}
        self._list = folder / "children.json"

    def begin(self, child: Child) -> None:
        """Start a child and watch it from now on."""
        child.start()
        self.children.append(child)
        self._records[child.program.name] = _Record(began=time.monotonic())
        remember(self.children, self._list)

    def wait_for(self, answers: Callable[[], bool], what: str, seconds: float) -> None:
        """Wait until the question is answered yes; a child that ends meanwhile is an error with
        its last words, and so is the deadline.
        """
        began = time.monotonic()
        next_word = _FIRST_WORD_AFTER_SECONDS
        while not answers():
            for child in self.children:
                if child.status() is not None:
                    name, words = child.program.name, child.last_words()
                    raise EmbeddedServerError(f"{name} 没有启动 / did not start\n{words}")
            waited = time.monotonic() - began
            if waited > next_word:
                self.progress.say(f"已等 {waited:.0f} 秒，还没有应答：{what} / still waiting")
                next_word *= 2
            if waited > seconds:
                raise EmbeddedServerError(f"等了 {seconds:.0f} 秒，{what} 没有应答 / no answer")
            time.sleep(0.05)

    def run(self) -> int:
        """Watch until somebody asks to stop (0) or something cannot be kept alive (1)."""
        try:
            while True:
                self._wait()
                if not self.look():
                    return 1
        except StopRequested:
            return 0

    def look(self) -> bool:
        """Look once after everything; tell whether it goes on."""
        self._show_trouble()
        return self._servers_are_well() and self._children_are_well()

    def _wait(self) -> None:
        """Sleep until a process ends, or for a moment."""
        poll = select.poll()
        handles = []
        running = [child.process for child in self.children] + self.servers.processes()
        try:
            for process in running:
                if process is not None and process.poll() is None:
                    handles.append(os.pidfd_open(process.pid))
                    poll.register(handles[-1], select.POLLIN)
            poll.poll(self._pause() * 1000)
        finally:
            for handle in handles:
                os.close(handle)

    def _pause(self) -> float:
        """How long nothing is due."""
        due = [record.again_at for record in self._records.values() if record.again_at is not None]
        return max(0.0, min([_LOOK_EVERY_SECONDS, *(at - time.monotonic() for at in due)]))

    def _show_trouble(self) -> None:
        """Pass on lines that speak of errors; everything else stays in the logs."""
        for child in self.children:
            label = self.progress.paint(f"{child.program.name:>8} │", child.program.colour)
            for line in child.new_lines():
                if any(mark in line for mark in _TROUBLE):
                    self.progress.line(f"{label} {line[:400]}")

    def _children_are_well(self) -> bool:
        return all(self._is_well(child) for child in self.children)

    def _is_well(self, child: Child) -> bool:
        """Begin a fallen child again after a pause that grows; tell when it fell too often."""
        record = self._records[child.program.name]
        now = time.monotonic()
        if record.again_at is not None:
            if now >= record.again_at:
                record.again_at, record.began = None, now
                child.start()
                remember(self.children, self._list)
            return True
        status = child.status()
        if status is None:
            return True
        child.kill_leftovers()
        record.falls = 1 if now - record.began > _WELL_AFTER_SECONDS else record.falls + 1
        if record.falls > len(self._pauses):
            self._give_up(child.program.name, child.last_words())
            return False
        pause = self._pauses[record.falls - 1]
        record.again_at = now + pause
        how = _describe(status)
        self._warn(f"{child.program.name} {how}，{pause:g} 秒后重新启动 / restarting")
        return True

    def _servers_are_well(self) -> bool:
        """Begin a fallen server again on its port, so that every address stays true."""
        try:
            for name, status in self.servers.fallen():
                self._warn(f"{name} {_describe(status)}，正在重新启动 / restarting")
                self.servers.restart(name, self.progress.say)
                self._warn(f"{name} 已恢复 / is back")
        except EmbeddedServerError as error:
            self._give_up("server", str(error))
            return False
        return True

    def _warn(self, text: str) -> None:
        self.progress.line(self.progress.paint(f"⚠ {text}", "yellow"))

    def _give_up(self, name: str, last_words: str) -> None:
        self.progress.line(last_words)
        text = f"✗ {name} 一再结束，demo 停止；原因见上面几行 / {name} keeps failing, stopping"
        self.progress.line(self.progress.paint(text, "red"))

    def close(self) -> None:
        """End everything: who makes new work, who does it, what they need. A second call does
        nothing.
        """
        ignore_signals()
        if self.children or self.servers.processes():
            self.progress.line("正在停止 / stopping …")
        by_name = {child.program.name: child for child in self.children}
        # The worker finishes what it has in hand while the others go; the sandbox may be part of
        # that.
        last = ("sandbox", "sms")
        first = [child for name, child in by_name.items() if name not in last]
        for group in (first, [by_name[name] for name in last if name in by_name]):
            for child in group:
                child.ask_to_stop()
            deadline = time.monotonic() + self._stop_seconds
            for child in group:
                child.finish(max(0.0, deadline - time.monotonic()))
        self.children = []
        self._list.unlink(missing_ok=True)
        self.servers.stop()


def _describe(status: int) -> str:
    if status < 0:
        return f"被 {signal.Signals(-status).name} 结束"
    return f"意外结束（状态 {status}）"
