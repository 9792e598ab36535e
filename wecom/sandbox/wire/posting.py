"""A letterbox for callbacks: HTTP/1.1 posts over connections that stay open.

Only the status of an answer counts, so this knows no more of HTTP than that; it carries a storm
of callbacks several times faster than a general client. What it cannot read it takes for refused.
"""

import asyncio
import ssl
from collections import defaultdict
from urllib.parse import urlsplit

HEAD_LIMIT = 65_536
# A longer answer is not read to its end; the connection is closed instead.
LONGEST_BODY = 65_536


class PostError(OSError):
    """The letter could not be posted, or the answer is no HTTP."""


class Connection:
    """One open connection; ``is_open`` says whether another letter may follow."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.is_open = True

    async def post(self, target: str, host: str, body: bytes) -> int:
        """Write one letter and give the status of the answer."""
        self.writer.write(
            f"POST {target} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: Mozilla/4.0\r\nAccept: */*\r\n"
            "Content-Type: text/xml; charset=utf-8\r\n"
            f"Content-Length: {len(body)}\r\n\r\n".encode("latin-1")
            + body
        )
        head = await self.reader.readuntil(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        version, _, rest = lines[0].partition(" ")
        if not version.startswith("HTTP/1.") or not rest[:3].isdigit():
            raise PostError(f"no HTTP answer: {lines[0][:80]}")
        headers = {
            name.strip().lower(): value.strip()
            for name, _, value in (line.partition(":") for line in lines[1:] if line)
        }
        await self.read_rest(headers, is_new=version == "HTTP/1.1")
        return int(rest[:3])

    async def read_rest(self, headers: dict[str, str], *, is_new: bool) -> None:
        """Read the body away, or give the connection up when that is not simple."""
        length = headers.get("content-length", "")
        is_simple = length.isdigit() and int(length) <= LONGEST_BODY
        if not is_simple or not is_new or headers.get("connection", "").lower() == "close":
            self.is_open = False
            return
        await self.reader.readexactly(int(length))

    def close(self) -> None:
        """Let go of it."""
        self.is_open = False
        self.writer.close()


class Letterbox:
    """Posts letters, keeping connections for each address between them."""

    def __init__(self) -> None:
        self.idle: dict[tuple[str, str, int], list[Connection]] = defaultdict(list)
        self.safe: ssl.SSLContext | None = None

    async def post(self, url: str, body: bytes) -> int:
        """Post one letter and give the status. The deadline is the caller's.

        A kept connection that the receiver closed meanwhile is replaced once.
        """
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise PostError(f"no address: {url}")
        port = parts.port or (443 if parts.scheme == "https" else 80)
        place = (parts.scheme, parts.hostname, port)
        host = parts.netloc.rpartition("@")[2]
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        while self.idle[place]:
            kept = self.idle[place].pop()
            if kept.reader.at_eof():
                kept.close()
                continue
            try:
                return await self.use(place, kept, target, host, body)
            except (ConnectionError, asyncio.IncompleteReadError) as error:
                if getattr(error, "partial", b""):
                    raise PostError("the connection broke in the middle of an answer") from error
        fresh = await self.connect(place)
        try:
            return await self.use(place, fresh, target, host, body)
        except asyncio.IncompleteReadError as error:
            raise PostError("the connection ended without an answer") from error

    async def connect(self, place: tuple[str, str, int]) -> Connection:
        """A new connection, with TLS where the address wants it."""
        scheme, host, port = place
        if scheme == "https" and self.safe is None:
            self.safe = ssl.create_default_context()
        safe = self.safe if scheme == "https" else None
        return Connection(*await asyncio.open_connection(host, port, ssl=safe, limit=HEAD_LIMIT))

    async def use(
        self, place: tuple[str, str, int], one: Connection, target: str, host: str, body: bytes
    ) -> int:
        """Post over a connection and keep it, or close it after anything else."""
        is_good = False
        try:
            status = await one.post(target, host, body)
            is_good = one.is_open
        except asyncio.LimitOverrunError as error:
            raise PostError("the head of the answer does not end") from error
        finally:
            if is_good:
                self.idle[place].append(one)
            else:
                one.close()
        return status

    def close(self) -> None:
        """Close what is kept."""
        for kept in self.idle.values():
            for one in kept:
                one.close()
        self.idle.clear()
