"""Files fetched from an address, and voices of the JS-SDK."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.wecom.sandbox.receiver import Receiver
from tests.wecom.sandbox.world import LIN, Api

FILE = b"film " * 200_000


@pytest.fixture
def shelf() -> Iterator[str]:
    """A web server with one large file that understands Range, and one that does not."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            wanted = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
            if self.path == "/whole" or wanted is None:
                status, part = 200, FILE[:100]
            elif self.path == "/none":
                status, part = 404, b"no"
            else:
                status, part = 206, FILE[int(wanted[1]) : int(wanted[2]) + 1]
            self.send_response(status)
            if status == 206 and wanted:
                last = int(wanted[1]) + len(part) - 1
                self.send_header("Content-Range", f"bytes {wanted[1]}-{last}/{len(FILE)}")
            self.send_header("Content-Length", str(len(part)))
            self.end_headers()
            self.wfile.write(part)

        def log_message(self, *_args: object) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def order(api: Api, url: str, **more: Any) -> dict[str, Any]:
    md5 = hashlib.md5(FILE, usedforsecurity=False).hexdigest()
    body = {"scene": 1, "type": "file", "filename": "图册.pdf", "url": url, "md5": md5} | more
    return api.post("media/upload_by_url", body)


def result(api: Api, receiver: Receiver, jobid: str) -> dict[str, Any]:
    """Wait for the event that names the job, then ask."""
    receiver.wait_for(1, lambda got: got.event.get("JobId") == jobid)
    answer = api.post("media/get_upload_by_url_result", {"jobid": jobid})
    assert answer["status"] == 3
    detail: dict[str, Any] = answer["detail"]
    return detail


def test_file_is_fetched_by_pieces_and_announced(
    heard_api: Api, receiver: Receiver, shelf: str
) -> None:
    jobid = order(heard_api, f"{shelf}/ranges")["jobid"]
    detail = result(heard_api, receiver, jobid)
    assert detail["errcode"] == 0
    got = heard_api.client.get(
        "/sandbox/cgi-bin/media/get",
        params={"access_token": heard_api.token(), "media_id": detail["media_id"]},
    )
    assert got.content == FILE
    mass = {"msgtype": "file", "file": {"media_id": detail["media_id"]}}
    body = {"sender": LIN, "attachments": [mass]}
    assert heard_api.post("externalcontact/add_msg_template", body)["errcode"] == 40007


@pytest.mark.parametrize(
    ("path", "more", "errcode"),
    [("/ranges", {"md5": "0" * 32}, 301019), ("/whole", {}, 830001), ("/none", {}, 830003)],
)
def test_fetching_goes_wrong_in_the_result(
    heard_api: Api, receiver: Receiver, shelf: str, path: str, more: dict[str, Any], errcode: int
) -> None:
    jobid = order(heard_api, shelf + path, **more)["jobid"]
    assert result(heard_api, receiver, jobid)["errcode"] == errcode


def test_orders_are_checked(api: Api) -> None:
    assert order(api, "ftp://x/y")["errcode"] == 830001
    assert order(api, "http://x/y", scene=2)["errcode"] == 40058
    assert order(api, "http://x/y", type="image")["errcode"] == 40005
    assert api.post("media/get_upload_by_url_result", {"jobid": "x"})["errcode"] == 40058


def test_voice_of_a_page_is_fetched_by_its_own_call(api: Api) -> None:
    media_id = api.act("record_voice", userid=LIN, text="你好")["media_id"]
    query = {"access_token": api.token(), "media_id": media_id}
    got = api.client.get("/sandbox/cgi-bin/media/get/jssdk", params=query)
    assert got.headers["Content-Type"] == "voice/speex"
    plain = api.client.get("/sandbox/cgi-bin/media/get", params=query)
    assert plain.json()["errcode"] == 40007
