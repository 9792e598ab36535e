"""Which port to listen on, and who holds one that is taken."""

import os
from pathlib import Path

from config.embedded.processes import EmbeddedServerError, Say, is_free

DEFAULT_PORT = 8000
_TRIES = 50
_LISTENING = "0A"


class PortInUseError(EmbeddedServerError):
    """The port that was asked for is taken; the message says by whom."""


def choose_web_port(asked: str | None, say: Say) -> int:
    """Give the port asked for or refuse; with none asked, the first free one from 8000 on."""
    if asked:
        port = _number(asked)
        if not is_free(port):
            raise PortInUseError(
                f"端口 {port} 正被 {name_holder(port)} 占用；换一个：PORT={port + 1} make demo / "
                f"port {port} is taken"
            )
        return port
    for port in range(DEFAULT_PORT, DEFAULT_PORT + _TRIES):
        if is_free(port):
            if port != DEFAULT_PORT:
                holder = name_holder(DEFAULT_PORT)
                say(f"端口 {DEFAULT_PORT} 正被 {holder} 占用，改用 {port} / taken, using {port}")
            return port
    raise PortInUseError(f"端口 {DEFAULT_PORT} 起的 {_TRIES} 个都被占用 / all taken")


def _number(asked: str) -> int:
    if asked.isdecimal() and 0 < int(asked) < 65536:
        return int(asked)
    raise PortInUseError(f"PORT={asked} 不是端口号（1 到 65535）/ is not a port")


def name_holder(port: int) -> str:
    """Name the process that listens on a port, as far as this user may know."""
    inodes = _listening_inodes(port)
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and _holds(entry, inodes):
            try:
                words = (entry / "cmdline").read_bytes().replace(b"\0", b" ")
            except OSError:  # ended meanwhile
                continue
            return f"进程 {entry.name}（{words.decode(errors='replace').strip()[:80]}）"
    return "另一个用户的进程"


def is_listening(pid: int, port: int) -> bool:
    """Tell whether this very process listens on the port: somebody else may have been faster."""
    return _holds(Path(f"/proc/{pid}"), _listening_inodes(port))


def _holds(process: Path, inodes: set[str]) -> bool:
    """Tell whether a process has one of these sockets open; of other users' we learn nothing."""
    try:
        links = list((process / "fd").iterdir())
    except OSError:
        return False
    for link in links:
        try:
            if os.readlink(link) in inodes:
                return True
        except OSError:  # closed meanwhile
            continue
    return False


def _listening_inodes(port: int) -> set[str]:
    found = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            rows = Path(table).read_text().splitlines()[1:]
        except OSError:
            continue
        for row in rows:
            columns = row.split()
            if columns[3] == _LISTENING and int(columns[1].rpartition(":")[2], 16) == port:
                found.add(f"socket:[{columns[9]}]")
    return found
