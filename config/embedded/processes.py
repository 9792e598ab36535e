"""What the embedded servers have in common as processes of Linux: who owns a folder, who still
runs in it, who dies with whom.

Nothing here knows which server it looks after.
"""

import ctypes
import fcntl
import os
import select
import shutil
import signal
import socket
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO

Say = Callable[[str], None]

_PR_SET_PDEATHSIG = 1
_LOCK_ATTEMPTS = 5
_LOCK_PAUSE_SECONDS = 0.05
# Loaded once and early: the function that uses it runs between fork and exec, where importing may
# hang.
_libc = ctypes.CDLL(None, use_errno=True)

_LOG_LIMIT = 8 * 1024 * 1024
_LOCALE_VARIABLES = ("LANG", "LANGUAGE")
_LOCALE_PREFIXES = ("LC_", "PG")


class EmbeddedServerError(Exception):
    """The embedded server cannot be started; the message says why and what to do."""


class FolderInUseError(EmbeddedServerError):
    """Somebody else runs a server out of this folder at this moment."""


class FolderLock:
    """Holds a folder for one process; the kernel gives it back when the process is gone, however
    it went.
    """

    def __init__(self, folder: Path, name: str = "lock") -> None:
        self._path = folder / name
        self._file: IO[str] | None = None

    def acquire(self) -> None:
        """Take the folder or refuse with the holder's process id."""
        file = self._path.open("a+", encoding="utf-8")
        for last in (*(False,) * _LOCK_ATTEMPTS, True):
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if last:
                    file.close()
                    raise FolderInUseError(self._in_use()) from None
                time.sleep(_LOCK_PAUSE_SECONDS)  # somebody may only be asking, see holder()
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        self._file = file

    def _in_use(self) -> str:
        holder = self._path.read_text(encoding="utf-8").strip()
        return f"{self._path.parent} 正被进程 {holder} 使用，请先停止它 / in use"

    def holder(self) -> str:
        """Tell the process id of whoever holds the folder now; empty when nobody does."""
        try:
            with self._path.open("r", encoding="utf-8") as file:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return self._path.read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            return ""
        return ""

    def release(self) -> None:
        """Give the folder back; a second call does nothing."""
        if self._file is not None:
            self._file.close()
            self._file = None


def ask_for_signal_at_parents_death(death_signal: signal.Signals) -> None:
    """Have the kernel send this process a signal when the thread that started it is gone."""
    _libc.prctl(_PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)


def die_with_parent(death_signal: signal.Signals) -> Callable[[], None]:
    """Give a ``preexec_fn`` that asks the kernel to send ``death_signal`` when the starting
    thread is gone.
    """
    parent = os.getpid()

    def ask() -> None:
        ask_for_signal_at_parents_death(death_signal)
        # The parent may have died before the line above: then nobody would ever send the signal.
        if os.getppid() != parent:
            os._exit(1)

    return ask


def is_free(port: int) -> bool:
    """Tell whether this process could listen on the loopback port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def choose_port(preferred: int | None = None) -> int:
    """Give a loopback port nobody listens on, the preferred one when it is free."""
    if preferred is not None and is_free(preferred):
        return preferred
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def find_processes(working_in: Path, program: str) -> list[int]:
    """List running processes of ``program`` whose working directory is this folder, parents
    first.

    A process id in a file proves nothing, since ids are given away again; where a server stands
    cannot be mistaken.
    """
    folder = working_in.resolve()
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            matches = Path(os.readlink(entry / "cwd")) == folder
            name = (entry / "comm").read_text().strip()
        except OSError:  # ended meanwhile, or another user's, so none of ours
            continue
        if matches and name == program[:15]:
            found.append(int(entry.name))
    return sorted(found, key=lambda pid: (_parent_of(pid) in found, pid))


def _parent_of(pid: int) -> int:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return 0
    return int(stat.rpartition(")")[2].split()[1])


def stop_process(pid: int, signals: list[tuple[signal.Signals, float]]) -> bool:
    """Send each signal in turn and wait its seconds for the end of the process; tell whether it
    ended.

    Works on processes that are not our children, and never reaches a later process with the same
    number.
    """
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        waiting = select.poll()
        waiting.register(handle, select.POLLIN)
        for number, seconds in signals:
            try:
                signal.pidfd_send_signal(handle, number)
            except ProcessLookupError:
                return True
            if waiting.poll(seconds * 1000):
                return True
        return False
    finally:
        os.close(handle)


def plain_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Copy an environment without locale and PostgreSQL variables: a shell's LANG may name a
    locale that is not there.
    """
    kept = {
        name: value
        for name, value in environment.items()
        if name not in _LOCALE_VARIABLES and not name.startswith(_LOCALE_PREFIXES)
    }
    return {**kept, "LC_ALL": "C.UTF-8"}


def open_log(path: Path) -> IO[bytes]:
    """Open a log to append to; one that grew too long is moved aside first, so two pieces are
    kept at most.
    """
    if path.exists() and path.stat().st_size > _LOG_LIMIT:
        shutil.move(path, path.with_suffix(".old.log"))
    return path.open("ab")


def last_lines(path: Path, count: int = 12) -> str:
    """Give the end of a log, for an error message."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return "\n".join(lines[-count:])


def write_private(path: Path, text: str) -> None:
    """Replace a file as a whole with one only its owner may read."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
