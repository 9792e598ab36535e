"""Fetches a file for upload_by_url piece by piece, as the real service does."""

import hashlib
import json
import re
from typing import Any

import httpx

from wecom.sandbox.truth import agent_events, jobs, media
from wecom.sandbox.world import World

from .errors import TEXTS, ApiError

JOB = "upload_by_url"
PIECE = 512 * 1024
MOST_BYTES = 200 * 1024 * 1024
CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)")
PATIENCE_S = 30.0


async def fetch_for(world: World, jobid: str) -> None:
    """Fetch, check and keep the file of one job, then tell its application."""
    life = world.life
    row = world.store.row("SELECT * FROM job WHERE jobid = ? AND done_at = 0", jobid)
    if row is None:
        return
    request: dict[str, Any] = json.loads(row["request"])
    data = b""
    try:
        data = await download(request["url"])
        if hashlib.md5(data, usedforsecurity=False).hexdigest() != request["md5"].lower():
            raise ApiError(301019)
        code = 0
    except ApiError as error:
        code = error.code
    if life != world.life:
        return
    with world.store.writing():
        jobs.finish(world, jobid, write_result(world, request, code, data))
        agent_events.tell_upload_finished(world, row["agent_id"], jobid)


def write_result(world: World, request: dict[str, Any], code: int, data: bytes) -> dict[str, Any]:
    """The ``detail`` of a finished job."""
    if code:
        return {"errcode": code, "errmsg": TEXTS[code], "media_id": "", "created_at": ""}
    media_id = media.keep(
        world,
        kind=media.BY_URL,
        type=request["type"],
        filename=request["filename"],
        content_type="video/mp4" if request["type"] == "video" else "application/octet-stream",
        data=data,
    )
    made_at = str(world.clock.second())
    return {"errcode": 0, "errmsg": "ok", "media_id": media_id, "created_at": made_at}


async def download(url: str) -> bytes:
    """The whole file by ranges; 830001 when the address cannot do them, 830003 when it fails."""
    data = b""
    try:
        async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE_S) as client:
            while True:
                last = len(data) + PIECE - 1
                answer = await client.get(url, headers={"Range": f"bytes={len(data)}-{last}"})
                found = CONTENT_RANGE.fullmatch(answer.headers.get("content-range", ""))
                if answer.status_code == 200 or (answer.status_code == 206 and found is None):
                    raise ApiError(830001)
                if answer.status_code != 206 or found is None or not answer.content:
                    raise ApiError(830003)
                data += answer.content
                total = int(found[3])
                if total > MOST_BYTES:
                    raise ApiError(45001)
                if len(data) >= total:
                    return data
    except httpx.InvalidURL:
        raise ApiError(830001) from None
    except httpx.HTTPError:
        raise ApiError(830003) from None
