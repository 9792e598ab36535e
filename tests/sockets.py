"""No test opens a connection to anywhere but this machine: neither it nor what it calls (L-22).

Python tells of every connection before it is made (`socket.connect`), whatever library asks.
"""

from __future__ import annotations

import ipaddress
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_heard: list[str] | None = None


class LeadsElsewhere(ConnectionError):
    """A connection was about to leave this machine."""


@contextmanager
def hearing() -> Iterator[list[str]]:
    """The hosts to which connections are opened meanwhile."""
    global _heard
    before, _heard = _heard, []
    try:
        yield _heard
    finally:
        _heard = before


def _is_here(host: str) -> bool:
    try:
        found = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host in {"localhost", ""}
    return found.is_loopback or found.is_unspecified


def _hear(event: str, args: tuple[object, ...]) -> None:
    if event != "socket.connect":
        return
    address = args[1]
    if not isinstance(address, tuple):
        return
    host = str(address[0])
    if _heard is not None:
        _heard.append(host)
    if not _is_here(host):
        raise LeadsElsewhere(host)


def listen() -> None:
    """From now on, for the whole run; a hook of the interpreter stays."""
    sys.addaudithook(_hear)


def tries(host: str, port: int = 443) -> bool:
    """Whether a connection to the host would be let out."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.settimeout(0)
        try:
            probe.connect_ex((host, port))
        except LeadsElsewhere:
            return False
    return True
