"""Letters to an application's callback address besides the events: the check of the address,
and forgeries that an application must not take for genuine.
"""

import asyncio
import secrets
import time
from collections.abc import Callable
from sqlite3 import Row
from typing import Any

import httpx

from wecom.sandbox import crypto
from wecom.sandbox.truth import events
from wecom.sandbox.wire.courier import add_query
from wecom.sandbox.world import Refused, World

Body = dict[str, Any]
VERIFY_DEADLINE_S = 1.0
DEADLINE_S = 5.0
STALE_S = 3600
SHOWN = 400
# Behaviour 24: more than a megabyte, though the vendor's events have a few kilobytes.
HUGE = 1_200_000

FORGERIES = {
    "genuine": "真的一封（对照）：一个不认识的事件",
    "bad_signature": "签名不对",
    "stale_timestamp": "一小时前的时间戳，签名是对的",
    "wrong_receive_id": "收件企业不对（别家的 corpid）",
    "truncated": "密文被截断，签名是对的",
    "huge": "超过 1 MB 的正文",
    "no_signature": "没有签名参数",
    "not_xml": "正文不是 XML",
    "repeated": "同一封真信原样寄两次（重放）",
}


def find_app(world: World, body: Body) -> Row:
    """The application of ``agent_id``, or the only one with a callback address."""
    rows = world.store.rows("SELECT * FROM app WHERE callback_url != '' ORDER BY agent_id")
    wanted = body.get("agent_id")
    for row in rows:
        if not wanted or int(wanted) == row["agent_id"]:
            return row
    raise Refused("没有这个应用，或它没有回调地址")


def sign_query(app: Row, sealed: str, at: int) -> dict[str, str]:
    """msg_signature, timestamp and nonce over a ciphertext."""
    timestamp = str(at)
    nonce = str(secrets.randbelow(10**10))
    signature = crypto.sign(app["callback_token"], timestamp, nonce, sealed)
    return {"msg_signature": signature, "timestamp": timestamp, "nonce": nonce}


def wrap(corp_id: str, sealed: str, filler: str = "") -> bytes:
    """The outer XML as the courier writes it."""
    return (
        f"<xml><ToUserName><![CDATA[{corp_id}]]></ToUserName><AgentID><![CDATA[]]></AgentID>"
        f"{filler}<Encrypt><![CDATA[{sealed}]]></Encrypt></xml>"
    ).encode()


async def ask(method: str, url: str, body: bytes | None, deadline_s: float) -> dict[str, Any]:
    """One request as the vendor's servers would make it, and what came back."""
    began = time.perf_counter()
    answer: dict[str, Any] = {"status": None, "body": "", "error": ""}
    try:
        async with asyncio.timeout(deadline_s), httpx.AsyncClient(trust_env=False) as client:
            headers = {"Content-Type": "text/xml; charset=utf-8"} if body is not None else {}
            got = await client.request(method, url, content=body, headers=headers, timeout=None)
            answer |= {"status": got.status_code, "body": got.text[:SHOWN]}
    except TimeoutError:
        answer["error"] = "no answer in time"
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as problem:
        answer["error"] = f"{type(problem).__name__}: {problem}"
    return answer | {"ms": round((time.perf_counter() - began) * 1000, 1)}


async def verify(world: World, body: Body) -> dict[str, Any]:
    """The console's check of a callback address (behaviour 21): the exact echo within 1 s.

    ``passed`` is true only when the body is the decrypted text, without quotes, BOM or newline.
    """
    app = find_app(world, body)
    echo = str(secrets.randbelow(9 * 10**18) + 10**18)
    sealed = crypto.encrypt(app["callback_aes_key"], echo, world.corp_id)
    query = sign_query(app, sealed, int(time.time())) | {"echostr": sealed}
    answer = await ask("GET", add_query(app["callback_url"], query), None, VERIFY_DEADLINE_S)
    passed = answer["status"] == 200 and answer["body"] == echo
    return answer | {"agent_id": app["agent_id"], "expected": echo, "passed": passed}


async def forge(world: World, body: Body) -> dict[str, Any]:
    """Post one forgery of ``kind``; ``refused`` says whether the application took no notice of
    it: another status than 200. ``genuine`` is the same letter unspoiled, to compare with.
    """
    kind = str(body.get("kind") or "bad_signature")
    if kind not in FORGERIES:
        raise Refused(f"kind 须为 {'、'.join(FORGERIES)} 之一")
    app = find_app(world, body)
    query, content = write_letter(world, app, kind)
    url = add_query(app["callback_url"], query) if query else app["callback_url"]
    answer = await ask("POST", url, content, DEADLINE_S)
    if kind == "repeated":
        answer["first_status"] = answer["status"]
        answer |= await ask("POST", url, content, DEADLINE_S)
    answered = answer["status"]
    refused = answered is not None and answered != 200
    return answer | {"agent_id": app["agent_id"], "kind": kind, "refused": refused}


def write_letter(world: World, app: Row, kind: str) -> tuple[dict[str, str], bytes]:
    """Query and body of one letter, spoiled in one place only."""
    key, corp_id = app["callback_aes_key"], world.corp_id
    fields = [*events.envelope_of(world, "sandbox_forgery"), ("Kind", kind)]
    inner = events.write_xml([*fields, ("Mark", secrets.token_hex(8))])
    receiver = "ww" + "0" * 16 if kind == "wrong_receive_id" else corp_id
    sealed = crypto.encrypt(key, inner, receiver)
    if kind == "truncated":
        # Whole base64 groups, so that only the length of the blocks and the padding are wrong.
        sealed = sealed[: len(sealed) // 8 * 4]
    age = STALE_S if kind == "stale_timestamp" else 0
    query = sign_query(app, sealed, int(time.time()) - age)
    content = wrap(corp_id, sealed, "<X>" + "x" * HUGE + "</X>" if kind == "huge" else "")
    spoil: dict[str, Callable[[], tuple[dict[str, str], bytes]]] = {
        "bad_signature": lambda: (query | {"msg_signature": "0" * 40}, content),
        "no_signature": lambda: ({}, content),
        "not_xml": lambda: (query, b"\x00 this is not XML <"),
    }
    return spoil[kind]() if kind in spoil else (query, content)
