"""Uploads for moments and products, uploads by address, voices of the JS-SDK (wecom.md 6.4)."""

import re
from typing import Any

from starlette.responses import Response

from wecom.sandbox.truth import jobs, media
from wecom.sandbox.wire import downloads, errands, pictures, reading
from wecom.sandbox.wire.errors import ApiError
from wecom.sandbox.wire.registry import Answer, Call, endpoint

from .media import LIMITS, SMALLEST, read_upload, sniff

SCENES = {"1": media.FOR_MOMENTS, "2": media.FOR_PRODUCTS}
LONG_SIDE = 10_800
FILM_S = 30
JOB_LIFE_S = 3600
MD5 = re.compile(r"[0-9a-fA-F]{32}")


def check_attachment(kind: str, data: bytes) -> str:
    """Size and format of an attachment; gives its content type."""
    if not data:
        raise ApiError(44001)
    if len(data) <= SMALLEST or len(data) > LIMITS[kind]:
        raise ApiError(41080)
    content_type = sniff(data)
    if kind == "video":
        check_film(data, content_type)
    elif kind == "image":
        check_picture(data, content_type)
    return content_type


def check_film(data: bytes, content_type: str) -> None:
    """An MP4 of at most 30 seconds."""
    if content_type != "video/mp4":
        raise ApiError(41090)
    if (pictures.seconds_of(data) or 0) > FILM_S:
        raise ApiError(41082)


def check_picture(data: bytes, content_type: str) -> None:
    """A JPEG or PNG that says its size, the long side within its limit."""
    if content_type not in ("image/jpeg", "image/png"):
        raise ApiError(40004)
    points = pictures.points_of(data)
    if points is None:
        raise ApiError(40123)
    if max(points) > LONG_SIDE:
        raise ApiError(41081)


@endpoint("media/upload_attachment")
async def upload_attachment(call: Call) -> dict[str, Any]:
    """Keep a file for moments (1) or products (2); ``created_at`` is a number here."""
    kind, scene = call.query.get("media_type", ""), call.query.get("attachment_type", "")
    if scene not in SCENES:
        raise ApiError(40058, "invalid attachment_type")
    if kind not in ("image", "video", "file") or (kind == "file" and scene == "1"):
        raise ApiError(40005)
    filename, data = await read_upload(call, "media")
    media_id = media.keep(
        call.world,
        kind=SCENES[scene],
        type=kind,
        filename=filename,
        content_type=check_attachment(kind, data),
        data=data,
    )
    return {"type": kind, "media_id": media_id, "created_at": call.world.clock.second()}


@endpoint("media/upload_by_url")
async def upload_by_url(call: Call) -> dict[str, Any]:
    """Fetch a large file from an address that understands Range, behind a jobid."""
    body = call.body
    if reading.number(body, "scene") != 1:
        raise ApiError(40058, "invalid scene")
    kind = reading.text(body, "type", missing=40005)
    if kind not in ("video", "file"):
        raise ApiError(40005)
    url = reading.text(body, "url", missing=830001, bytes=1024)
    if not url.startswith(("http://", "https://")):
        raise ApiError(830001)
    md5 = reading.text(body, "md5", missing=40063)
    if not MD5.fullmatch(md5):
        raise ApiError(301019)
    filename = reading.text(body, "filename", missing=40063, bytes=128)
    request = {"type": kind, "url": url, "md5": md5, "filename": filename}
    jobid = jobs.order(call.world, downloads.JOB, call.app["agent_id"], request=request)
    errands.start(call.world, downloads.fetch_for(call.world, jobid))
    return {"jobid": jobid}


@endpoint("media/get_upload_by_url_result")
async def get_upload_by_url_result(call: Call) -> dict[str, Any]:
    """2 while it is fetched, 3 with the media id or why there is none; a jobid lives an hour."""
    jobid = reading.text(call.body, "jobid", missing=40063)
    job = jobs.find(call.world, downloads.JOB, call.app["agent_id"], jobid, JOB_LIFE_S)
    if job is None:
        raise ApiError(40058, "invalid jobid")
    status = jobs.status_of(call.world, job)
    if status != jobs.DONE:
        if not call.world.errands:
            # A killed sandbox had begun it.
            errands.start(call.world, downloads.fetch_for(call.world, jobid))
        return {"status": status}
    return {"status": status, "detail": jobs.result_of(job)}


@endpoint("media/get/jssdk")
def get_voice_of_page(call: Call) -> Answer:
    """A voice that a page recorded with the JS-SDK, in the finer format."""
    media_id = call.query.get("media_id", "")
    if not media_id:
        raise ApiError(41006)
    row = media.find(call.world, media_id)
    if row is None or row["kind"] != media.VOICE_OF_PAGE:
        raise ApiError(40007)
    disposition = f'attachment; filename="{media_id}.speex"'
    return Response(
        row["data"], media_type="voice/speex", headers={"Content-Disposition": disposition}
    )
