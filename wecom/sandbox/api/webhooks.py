"""Group robots by webhook (wecom.md 7.3): a key in the address, no token, one way only."""

import base64
import binascii
import hashlib
from collections.abc import Callable
from sqlite3 import Row
from typing import Any

from wecom.sandbox.truth import appchats, media
from wecom.sandbox.wire import cards, reading
from wecom.sandbox.wire.errors import ApiError
from wecom.sandbox.wire.registry import Call, endpoint

from . import app_contents
from .media import MEGABYTE, check_bytes, read_upload, sniff

TEXT_BYTES, MARKDOWN_BYTES = 2048, 4096
STATES = {appchats.DISABLED: 93004, appchats.REMOVED: 93000, appchats.EXPELLED: 93008}
Part = dict[str, Any]


def robot_of(call: Call) -> Row:
    """The robot of the key: 93000 unknown or removed, 93004 disabled, 93008 not inside."""
    row = appchats.find_webhook(call.world, call.query.get("key", ""))
    if row is None:
        raise ApiError(93000)
    if row["state"] in STATES:
        raise ApiError(STATES[row["state"]])
    return row


def scene_of(robot: Row) -> str:
    """Its files are for it alone."""
    return f"webhook:{robot['key']}"


def read_text(call: Call, robot: Row, part: Part) -> Part:
    """Words of at most 2048 bytes; whom they mention is not checked."""
    reading.text(part, "content", missing=44004, bytes=TEXT_BYTES, too_long=40058)
    reading.texts(part, "mentioned_list")
    reading.texts(part, "mentioned_mobile_list")
    return part


def read_markdown(call: Call, robot: Row, part: Part) -> Part:
    """Marked-up words of at most 4096 bytes."""
    reading.text(part, "content", missing=44004, bytes=MARKDOWN_BYTES, too_long=40058)
    return part


def read_image(call: Call, robot: Row, part: Part) -> Part:
    """A picture inside the request, with the MD5 of its bytes."""
    try:
        data = base64.b64decode(reading.text(part, "base64", missing=40063), validate=True)
    except binascii.Error:
        raise ApiError(40058, "invalid base64") from None
    if len(data) > 2 * MEGABYTE:
        raise ApiError(40009)
    if sniff(data) not in ("image/jpeg", "image/png"):
        raise ApiError(40004)
    if hashlib.md5(data, usedforsecurity=False).hexdigest() != reading.text(part, "md5").lower():
        raise ApiError(301019)
    media_id = media.keep(
        call.world,
        kind=scene_of(robot),
        type="image",
        filename="image",
        content_type=sniff(data),
        data=data,
    )
    return {"media_id": media_id}


def read_news(call: Call, robot: Row, part: Part) -> Part:
    """One to eight articles."""
    for article in app_contents.articles_of(part):
        reading.text(article, "title", missing=40063, bytes=128)
        reading.text(article, "url", missing=40063, bytes=2048)
        reading.text(article, "description", bytes=512)
    return part


def read_file(kind: str) -> Callable[[Call, Row, Part], Part]:
    """A file that this robot uploaded."""

    def check(call: Call, robot: Row, part: Part) -> Part:
        media_id = reading.text(part, "media_id", missing=41006)
        if not media.is_usable(call.world, media_id, kind, kinds=(scene_of(robot),)):
            raise ApiError(40007)
        return part

    return check


def read_card(call: Call, robot: Row, part: Part) -> Part:
    """A notice card; the others need an application."""
    return cards.check_card(part, kinds=cards.NOTICES)


KINDS: dict[str, Callable[[Call, Row, Part], Part]] = {
    "text": read_text,
    "markdown": read_markdown,
    "markdown_v2": read_markdown,
    "image": read_image,
    "news": read_news,
    "file": read_file("file"),
    "voice": read_file("voice"),
    "template_card": read_card,
}


@endpoint("webhook/send", token=False)
def send_by_webhook(call: Call) -> dict[str, Any]:
    """Speak in the robot's group; the 21st message of a minute is 45009."""
    robot = robot_of(call)
    kind = reading.text(call.body, "msgtype", missing=40008)
    if kind not in KINDS:
        raise ApiError(40008)
    part = reading.mapping(call.body, kind)
    if not part:
        raise ApiError(40063)
    read = KINDS[kind](call, robot, part)
    if not appchats.has_room(call.world, robot["key"]):
        raise ApiError(45009)
    content = {"msgtype": kind, kind: read}
    appchats.post(call.world, robot["chatid"], robot["name"], content, "webhook")
    return {}


@endpoint("webhook/upload_media", token=False)
async def upload_for_webhook(call: Call) -> dict[str, Any]:
    """Keep a file for three days, for this robot alone."""
    robot = robot_of(call)
    kind = call.query.get("type", "")
    if kind not in ("file", "voice"):
        raise ApiError(40005)
    filename, data = await read_upload(call, "media")
    content_type = check_bytes(kind, data)
    media_id = media.keep(
        call.world,
        kind=scene_of(robot),
        type=kind,
        filename=filename,
        content_type=content_type,
        data=data,
    )
    return {"type": kind, "media_id": media_id, "created_at": str(call.world.clock.second())}
