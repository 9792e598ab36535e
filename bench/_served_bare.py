"""The limit's side of `callbacks`: verify and decrypt, keep nothing. As little as that can be."""

from __future__ import annotations

import base64
import hmac
import os
from collections.abc import Awaitable, Callable
from hashlib import sha1
from typing import Any
from urllib.parse import parse_qs

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

_TOKEN = os.environ["WECOM_CALLBACK_TOKEN"]
_KEY = base64.b64decode(os.environ["WECOM_CALLBACK_AES_KEY"] + "=")
_CORP = os.environ["WECOM_CORP_ID"].encode()
_CIPHER = Cipher(algorithms.AES(_KEY), modes.CBC(_KEY[:16]))
_START = {"type": "http.response.start", "headers": [(b"content-length", b"0")]}
_END = {"type": "http.response.body", "body": b""}


async def application(
    scope: dict[str, Any],
    receive: Callable[[], Awaitable[dict[str, Any]]],
    send: Callable[[dict[str, Any]], Awaitable[None]],
) -> None:
    """200 for what is genuine, 403 for what is not."""
    if scope["type"] != "http":
        return
    body = b""
    more = True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    await send({**_START, "status": 200 if _is_genuine(scope["query_string"], body) else 403})
    await send(_END)


def _is_genuine(query: bytes, body: bytes) -> bool:
    given = parse_qs(query.decode())
    encrypted = body[body.index(b"<Encrypt><![CDATA[") + 18 : body.index(b"]]></Encrypt>")].decode()
    parts = sorted([_TOKEN, given["timestamp"][0], given["nonce"][0], encrypted])
    signature = sha1("".join(parts).encode(), usedforsecurity=False).hexdigest()
    if not hmac.compare_digest(signature, given["msg_signature"][0]):
        return False
    decryptor = _CIPHER.decryptor()
    plain = decryptor.update(base64.b64decode(encrypted)) + decryptor.finalize()
    end = 20 + int.from_bytes(plain[16:20], "big")
    return plain[end : -plain[-1]] == _CORP
