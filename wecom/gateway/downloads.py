"""Files from WeCom: bytes where all is well, WeCom's JSON with HTTP 200 where it is not."""

from __future__ import annotations

import json
from typing import Any, Final

import requests

from wecom.gateway.client import Client
from wecom.gateway.codes import error_of
from wecom.gateway.errors import Misdirected, Silent
from wecom.gateway.transport import WECOM, new_session

# Above 20 MB WeCom hands a file out in pieces only (830002).
_PIECE: Final = 10 * 1024 * 1024
# Nothing that WeCom keeps is larger (media/upload_by_url).
_MOST: Final = 200 * 1024 * 1024


def download(client: Client, api: str, **params: Any) -> bytes:
    """The whole file, in pieces where it is large. Raises WecomError, never half a file."""
    content, total = _piece(client, api, params, begin=0)
    while len(content) < total:
        piece, total = _piece(client, api, params, begin=len(content))
        content += piece
        if not piece or total > _MOST:
            raise Silent(None, f"{len(content)} of {total} bytes", api=api)
    return content


def _piece(client: Client, api: str, params: dict[str, Any], *, begin: int) -> tuple[bytes, int]:
    """Some bytes from `begin` on, and how many the file has."""
    found: list[requests.Response] = []

    def ask(token: str) -> dict[str, Any]:
        with new_session() as session:
            response = session.get(
                api if api.startswith("http") else WECOM + api,
                params={**params, "access_token": token},
                headers={"Range": f"bytes={begin}-{begin + _PIECE - 1}"},
            )
        _refuse(response, api)
        found.append(response)
        return {}

    client._with_token(api, ask)
    response = found[-1]
    if response.status_code != requests.codes.partial_content:
        return response.content, begin + len(response.content)
    _, _, total = response.headers.get("Content-Range", "").rpartition("/")
    if not total.isdecimal():
        raise Silent(None, "a piece of unknown length", api=api)
    return response.content, int(total)


def _refuse(response: requests.Response, api: str) -> None:
    """Raise what an answer without a file means."""
    if response.status_code >= 400:
        cls = Misdirected if response.status_code < 500 else Silent
        raise cls(None, f"HTTP {response.status_code}", api=api)
    if "Content-Disposition" in response.headers:
        return
    try:
        told = json.loads(response.content)
    except ValueError:
        return
    code = told.get("errcode") if isinstance(told, dict) else None
    if isinstance(code, int) and code:
        raise error_of(code, str(told.get("errmsg") or ""), api=api)
