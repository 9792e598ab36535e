"""Letters besides events: the check of an address, and forgeries; and how letters are posted."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

import pytest
from wechatpy.work.crypto import WeChatCrypto

from tests.wecom.sandbox.world import AES_KEY, CORP, TOKEN, Api, seed_of
from wecom.sandbox.control.letters import FORGERIES
from wecom.sandbox.wire.posting import Letterbox, PostError

LONGEST = 1_000_000


class Careful(BaseHTTPRequestHandler):
    """A small product that opens letters with a library not ours and believes nothing else."""

    echo_ends_with = ""
    seen: list[str]

    def do_GET(self) -> None:
        query = dict(parse_qsl(urlsplit(self.path).query))
        crypto = WeChatCrypto(TOKEN, AES_KEY, CORP)
        echo = crypto.check_signature(
            query["msg_signature"], query["timestamp"], query["nonce"], query["echostr"]
        )
        text = echo.decode() if isinstance(echo, bytes) else echo
        self.say(200, (text + type(self).echo_ends_with).encode())

    def do_POST(self) -> None:
        size = int(self.headers["Content-Length"])
        body = self.rfile.read(size)
        query = dict(parse_qsl(urlsplit(self.path).query))
        if size > LONGEST or query.get("nonce", "") in type(self).seen:
            return self.say(400)
        try:
            parts = (query["msg_signature"], query["timestamp"], query["nonce"])
            assert abs(int(parts[1]) - time.time()) < 600
            WeChatCrypto(TOKEN, AES_KEY, CORP).decrypt_message(body, *parts)
        except Exception:  # noqa: BLE001 - whatever is wrong with it, it is not believed
            return self.say(403)
        type(self).seen.append(query["nonce"])
        return self.say(200)

    def say(self, status: int, body: bytes = b"") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        """Keep quiet."""


@pytest.fixture
def careful() -> Iterator[type[Careful]]:
    class Fresh(Careful):
        seen: list[str] = []  # noqa: RUF012 - one list for one test
        url = ""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Fresh)
    Fresh.url = f"http://127.0.0.1:{server.server_port}/callback/?app=guide"
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield Fresh
    server.shutdown()
    server.server_close()


@pytest.fixture
def heard(empty_api: Api, careful: type[Careful]) -> Api:
    empty_api.control("seed", seed_of(careful.url))  # type: ignore[attr-defined]
    return empty_api


def test_address_is_verified_by_an_exact_echo(heard: Api, careful: type[Careful]) -> None:
    told = heard.control("verify", {"agent_id": 1000002})
    assert (told["passed"], told["status"], told["body"]) == (True, 200, told["expected"])
    careful.echo_ends_with = "\n"
    told = heard.control("verify", {})
    assert (told["passed"], told["status"]) == (False, 200)


def test_only_genuine_letters_are_believed(heard: Api) -> None:
    told = {kind: heard.control("forge", {"agent_id": 1000002, "kind": kind}) for kind in FORGERIES}
    statuses = {kind: answer["status"] for kind, answer in told.items()}
    assert statuses.pop("genuine") == 200
    assert told["repeated"]["first_status"] == 200
    assert statuses.pop("repeated") == 400
    assert statuses.pop("huge") == 400
    assert set(statuses.values()) == {403}
    assert all(answer["refused"] for kind, answer in told.items() if kind != "genuine")


def test_who_has_no_address_gets_no_letter(api: Api) -> None:
    for call in ("verify", "forge"):
        answer = api.client.post(f"/sandbox/control/api/{call}", json={"agent_id": 1000003})
        assert (answer.status_code, "回调地址" in answer.json()["error"]) == (409, True)
    answer = api.client.post("/sandbox/control/api/forge", json={"kind": "odd"})
    assert answer.status_code == 409


def test_nobody_there_is_no_answer(empty_api: Api) -> None:
    empty_api.control("seed", seed_of("http://127.0.0.1:9/callback/"))
    told = empty_api.control("verify", {})
    assert (told["passed"], told["status"], bool(told["error"])) == (False, None, True)
    assert not empty_api.control("forge", {"kind": "bad_signature"})["refused"]


async def post_twice(answers: list[bytes]) -> tuple[list[int | str], int]:
    """Post two letters to a server with planned answers; an empty one closes the connection."""
    connections = 0

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        while answers:
            try:
                head = await reader.readuntil(b"\r\n\r\n")
            except asyncio.IncompleteReadError:
                break
            size = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
            assert await reader.readexactly(size) == b"letter"
            planned = answers.pop(0)
            if not planned:
                break
            writer.write(planned)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    box = Letterbox()
    told: list[int | str] = []
    for _ in range(2):
        try:
            told.append(await box.post(f"http://127.0.0.1:{port}/a?b=1", b"letter"))
        except (PostError, OSError) as error:
            told.append(type(error).__name__)
    box.close()
    server.close()
    return told, connections


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"


@pytest.mark.parametrize(
    ("answers", "told", "connections"),
    [
        ([OK, OK], [200, 200], 1),
        ([OK.replace(b"200", b"503"), OK], [503, 200], 1),
        ([b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", OK], [200, 200], 2),
        ([b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", OK], [200, 200], 2),
        ([b"HTTP/1.0 204 \r\nContent-Length: 0\r\n\r\n", OK], [204, 200], 2),
        ([b"", OK], ["PostError", 200], 2),
        # A kept connection that ends without a word is tried once more over a new one.
        ([OK, b"", OK], [200, 200], 2),
        ([b"SSH-2.0-x\r\n\r\n", OK], ["PostError", 200], 2),
    ],
)
async def test_letterbox_reads_what_servers_answer(
    answers: list[bytes], told: list[int | str], connections: int
) -> None:
    assert await post_twice(answers) == (told, connections)


@pytest.mark.parametrize("url", ["", "ftp://x/", "http://", "/callback/", "http://127.0.0.1:9/"])
async def test_letterbox_refuses_what_is_no_address(url: str) -> None:
    with pytest.raises((OSError, ValueError)):
        await Letterbox().post(url, b"letter")
