"""Callbacks as WeCom would post them: encrypted here by a second reading of the document.

Only what a sender needs. That the door agrees with Tencent's own library is shown by the vectors.
"""

from __future__ import annotations

import base64
import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha1
from typing import Any

import httpx
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from wecom.inbox.door import CallbackDoor
from wecom.inbox.envelope import Envelope

TOKEN = "QDG6eK"
AES_KEY = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
CORP = "ww5a7d0e1c2b3f4a68"


@dataclass(frozen=True)
class Post:
    """One request, ready to be mangled."""

    params: Mapping[str, str]
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


def encrypt(text: bytes, *, receive_id: str = CORP, aes_key: str = AES_KEY) -> str:
    """The Encrypt text of document 90968, with a random prefix."""
    key = base64.b64decode(aes_key + "=")
    plain = os.urandom(16) + len(text).to_bytes(4, "big") + text + receive_id.encode()
    pad = 32 - len(plain) % 32
    encryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    sealed = encryptor.update(plain + bytes([pad]) * pad) + encryptor.finalize()
    return base64.b64encode(sealed).decode()


def sign(encrypted: str, *, timestamp: str, nonce: str, token: str = TOKEN) -> str:
    """The msg_signature."""
    return sha1(
        "".join(sorted([token, timestamp, nonce, encrypted])).encode(), usedforsecurity=False
    ).hexdigest()


def a_post(
    text: str | bytes, *, receive_id: str = CORP, token: str = TOKEN, age: float = 0
) -> Post:
    """A genuine callback with this text, `age` seconds old."""
    plain = text.encode() if isinstance(text, str) else text
    encrypted = encrypt(plain, receive_id=receive_id)
    return signed_post(encrypted, timestamp=str(int(time.time() - age)), token=token)


def signed_post(
    encrypted: str, *, timestamp: str, nonce: str = "n0nce", token: str = TOKEN
) -> Post:
    """The request around an Encrypt text."""
    return Post(
        params={
            "msg_signature": sign(encrypted, timestamp=timestamp, nonce=nonce, token=token),
            "timestamp": timestamp,
            "nonce": nonce,
        },
        body=envelope_of(encrypted),
    )


def envelope_of(encrypted: str, corp: str = CORP) -> bytes:
    """The outer XML."""
    return (
        f"<xml><ToUserName><![CDATA[{corp}]]></ToUserName>"
        f"<AgentID><![CDATA[1000002]]></AgentID>"
        f"<Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>"
    ).encode()


def a_json_envelope(encrypted: str) -> bytes:
    """The outer body of a smart robot, and of applications that chose JSON."""
    return json.dumps({"tousername": CORP, "encrypt": encrypted, "agentid": ""}).encode()


def an_event(event: str, change: str = "", *, at: int = 1767000000, **fields: Any) -> str:
    """The inner XML of an event; fields by WeCom's own names."""
    rows = "".join(f"<{name}><![CDATA[{value}]]></{name}>" for name, value in fields.items())
    changed = f"<ChangeType><![CDATA[{change}]]></ChangeType>" if change else ""
    return (
        f"<xml><ToUserName><![CDATA[{CORP}]]></ToUserName>"
        f"<FromUserName><![CDATA[sys]]></FromUserName><CreateTime>{at}</CreateTime>"
        f"<MsgType><![CDATA[event]]></MsgType><Event><![CDATA[{event}]]></Event>{changed}{rows}</xml>"
    )


def a_door(**options: Any) -> CallbackDoor:
    """A door with two applications under the tests' keys."""
    envelope = Envelope(token=TOKEN, aes_key=AES_KEY, receive_id=options.pop("receive_id", CORP))
    return CallbackDoor(
        {"main": envelope, "service": envelope}, corp_id=CORP, first="main", **options
    )


async def send(door: CallbackDoor, post: Post, path: str = "/wecom/callback/") -> httpx.Response:
    """Post it to the door, which stands in front of nothing else here."""
    async with caller(door) as client:
        return await client.post(
            path, params=dict(post.params), content=post.body, headers=dict(post.headers)
        )


def caller(door: CallbackDoor) -> httpx.AsyncClient:
    """A client of the door; an exception in the door is a failure of the test."""
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app=door), base_url="http://house.example"
    )
