"""Uploads and downloads (wecom.md 6.4)."""

import re
from typing import Any
from urllib.parse import quote

from starlette.datastructures import UploadFile
from starlette.responses import Response

from wecom.sandbox.truth import media
from wecom.sandbox.wire.errors import ApiError
from wecom.sandbox.wire.limits import counts_of
from wecom.sandbox.wire.registry import Answer, Call, endpoint
from wecom.sandbox.world import World

MEGABYTE = 1024 * 1024
LIMITS = {
    "image": 10 * MEGABYTE,
    "voice": 2 * MEGABYTE,
    "video": 10 * MEGABYTE,
    "file": 20 * MEGABYTE,
}
SMALLEST = 5
WHOLE_BYTES = 20 * MEGABYTE
DOWNLOADABLE = (media.PLAIN, media.FOR_MOMENTS, media.FOR_PRODUCTS, media.BY_URL)
TYPES = {
    b"\xff\xd8\xff": "image/jpeg",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"#!AMR": "audio/amr",
}
RANGE = re.compile(r"bytes=(\d+)-(\d*)")


def sniff(data: bytes) -> str:
    """The content type by the first bytes, since names lie."""
    for head, content_type in TYPES.items():
        if data.startswith(head):
            return content_type
    if data[4:8] == b"ftyp":
        return "video/mp4"
    return "application/octet-stream"


async def read_upload(call: Call, name: str = "") -> tuple[str, bytes]:
    """The uploaded part's file name and bytes; without one it is 44001."""
    parts = [
        (key, part)
        for key, part in call.form.multi_items()
        if isinstance(part, UploadFile) and (not name or key == name)
    ]
    if not parts:
        raise ApiError(44001)
    part = parts[0][1]
    return part.filename or "file", await part.read()


def check_bytes(kind: str, data: bytes) -> str:
    """Size and format of one kind; gives the content type."""
    if not data:
        raise ApiError(44001)
    if len(data) <= SMALLEST:
        raise ApiError(40006)
    if len(data) > LIMITS[kind]:
        raise ApiError({"image": 40009, "video": 40011}.get(kind, 45001))
    content_type = sniff(data)
    allowed = {
        "image": ("image/jpeg", "image/png"),
        "voice": ("audio/amr",),
        "video": ("video/mp4",),
    }
    if kind in allowed and content_type not in allowed[kind]:
        raise ApiError(40004)
    return content_type


@endpoint("media/upload")
async def upload_media(call: Call) -> dict[str, Any]:
    """Keep a file for three days; ``created_at`` is a text here."""
    kind = call.query.get("type", "")
    if kind not in LIMITS:
        raise ApiError(40005)
    filename, data = await read_upload(call, "media")
    content_type = check_bytes(kind, data)
    media_id = media.keep(
        call.world,
        kind="media",
        type=kind,
        filename=filename,
        content_type=content_type,
        data=data,
    )
    return {
        "errmsg": "",
        "type": kind,
        "media_id": media_id,
        "created_at": str(call.world.clock.second()),
    }


@endpoint("media/uploadimg")
async def upload_image(call: Call) -> dict[str, Any]:
    """Keep a picture for ever and give its address; any part name."""
    filename, data = await read_upload(call)
    if len(data) > 2 * MEGABYTE:
        raise ApiError(40009)
    content_type = check_bytes("image", data)
    media_id = media.keep(
        call.world,
        kind="img",
        type="image",
        filename=filename,
        content_type=content_type,
        data=data,
    )
    return {"url": call.world.options.public(f"/sandbox/img/{media_id}")}


@endpoint("media/get")
def get_media(call: Call) -> Answer:
    """The file's bytes; a part of them when Range asks; JSON only on error."""
    media_id = call.query.get("media_id", "")
    if not media_id:
        raise ApiError(41006)
    row = media.find(call.world, media_id)
    if row is None or row["kind"] not in DOWNLOADABLE:
        raise ApiError(40007)
    most = call.world.switches.on.media_downloads_per_minute
    if most and not count_download(call.world, media_id, most):
        raise ApiError(45033)
    if len(row["data"]) > WHOLE_BYTES and not call.range:
        raise ApiError(830002)
    whole = Response(
        row["data"],
        media_type=row["content_type"],
        headers={
            "Content-Disposition": "attachment; filename*=UTF-8''" + quote(row["filename"]),
            "Accept-Ranges": "bytes",
        },
    )
    return cut_range(whole, call.range) if call.range else whole


def count_download(world: World, media_id: str, most: int) -> bool:
    """Whether this file may be fetched once more this minute."""
    window = counts_of(world).windows["media", media_id]
    return window.admit(world.clock.now(), world.switches.on.limit_minute_s, most)


def cut_range(answer: Response, wanted: str) -> Response:
    """The asked part of an answer as 206; a range that makes no sense is ignored."""
    match = RANGE.fullmatch(wanted)
    data = bytes(answer.body)
    if match is None or int(match[1]) >= len(data):
        return answer
    first = int(match[1])
    last = min(int(match[2] or len(data) - 1), len(data) - 1)
    headers = {key: value for key, value in answer.headers.items() if key != "content-length"}
    headers["Content-Range"] = f"bytes {first}-{last}/{len(data)}"
    return Response(data[first : last + 1], 206, headers)
