"""Checks that many calls share: members in range, customers known, relations, contents."""

from sqlite3 import Row
from typing import Any

from wecom.sandbox.truth import friends, media, people
from wecom.sandbox.wire import reading
from wecom.sandbox.wire.errors import ApiError
from wecom.sandbox.wire.registry import Call

CONTENT_BYTES = 4000
ATTACHMENTS = ("image", "link", "miniprogram", "video", "file")
LINK_LIMITS = {"title": 128, "picurl": 2048, "desc": 512, "url": 2048}


def member_in_range(call: Call, userid: str, *, contact: bool = True) -> str:
    """The userid as the corp writes it; 40003 malformed, 60111 unknown or out of range."""
    if not reading.USERID.fullmatch(userid):
        raise ApiError(40003)
    if not people.is_visible(call.world, call.app, userid):
        raise ApiError(60111)
    row = call.world.store.row("SELECT * FROM member WHERE userid = ?", userid)
    if row is None:
        raise ApiError(60111)
    if contact and not row["contact"]:
        raise ApiError(84074)
    return str(row["userid"])


def own_agent(call: Call) -> None:
    """``agentid`` in a body may only be the token's own application; else 301002."""
    own = int(call.app["agent_id"])
    if reading.number(call.body, "agentid", own) != own:
        raise ApiError(301002)


def known_customer(call: Call, external_userid: str) -> Row:
    """The customer's row; 41035 missing, 40096 when the corp never met the id."""
    if not external_userid:
        raise ApiError(41035)
    row = call.world.store.row("SELECT * FROM customer WHERE external_userid = ?", external_userid)
    if row is None:
        raise ApiError(40096, f'invalid string value "{external_userid}". invalid external userid')
    return row


def relation_of(call: Call, userid: str, external_userid: str) -> Row:
    """The relation as the API knows it; 84061 without one or with half of one."""
    row = friends.find_friendship(call.world, userid, external_userid)
    if row is None or row["status"] not in ("friends", "deleted_by_customer"):
        raise ApiError(84061)
    return row


def message_contents(call: Call, *, empty: int = 40063, most: int = 9) -> list[dict[str, Any]]:
    """text and attachments of a welcome or a mass send, checked, one content each."""
    content = reading.text(
        reading.mapping(call.body, "text"),
        "content",
        bytes=CONTENT_BYTES,
        too_long=45002,
    )
    contents: list[dict[str, Any]] = []
    if content:
        contents.append({"msgtype": "text", "text": {"content": content}})
    attachments = call.body.get("attachments") or []
    if not isinstance(attachments, list):
        raise ApiError(40058)
    if len(attachments) > most:
        raise ApiError(41064)
    contents += [read_attachment(call, attachment) for attachment in attachments]
    if not contents:
        raise ApiError(empty)
    return contents


def read_attachment(call: Call, attachment: object) -> dict[str, Any]:
    """One attachment whose object matches its msgtype."""
    if not isinstance(attachment, dict):
        raise ApiError(40058)
    kind = attachment.get("msgtype")
    if kind not in ATTACHMENTS:
        raise ApiError(41065)
    part = reading.mapping(attachment, kind)
    if not part:
        raise ApiError(40063, f"attachment {kind} is empty")
    if kind == "link":
        read = read_link(part)
    elif kind == "image":
        read = read_image(call, part)
    elif kind == "miniprogram":
        read = read_mini(call, part)
    else:
        read = read_file(call, part, kind)
    return {"msgtype": kind, kind: read}


def read_image(call: Call, part: dict[str, Any]) -> dict[str, Any]:
    """media_id of media/upload, or pic_url of media/uploadimg; media_id wins."""
    if reading.text(part, "media_id"):
        return read_file(call, part, "image")
    pic_url = reading.text(part, "pic_url", missing=41006)
    if "/sandbox/img/" not in pic_url:
        raise ApiError(40058, "pic_url must come from media/uploadimg")
    return {"pic_url": pic_url}


def read_file(call: Call, part: dict[str, Any], kind: str) -> dict[str, Any]:
    """A media id that lives and is of the right kind, else 40007."""
    media_id = reading.text(part, "media_id", missing=41006)
    if not media.is_usable(call.world, media_id, kind):
        raise ApiError(40007)
    return {"media_id": media_id}


def read_link(part: dict[str, Any]) -> dict[str, Any]:
    """A link card: title and url are required, each within its bytes."""
    read = {
        name: reading.text(part, name, bytes=limit, too_long=45002)
        for name, limit in LINK_LIMITS.items()
    }
    if not read["title"] or not read["url"]:
        raise ApiError(40063)
    return read


def read_mini(call: Call, part: dict[str, Any]) -> dict[str, Any]:
    """A mini-program card; its picture is a media id of an image."""
    read = {
        "title": reading.text(part, "title", missing=40063, bytes=64, too_long=45002),
        "appid": reading.text(part, "appid", missing=40063),
        "page": reading.text(part, "page", missing=40063),
        "pic_media_id": reading.text(part, "pic_media_id", missing=41006),
    }
    if not media.is_usable(call.world, read["pic_media_id"], "image"):
        raise ApiError(40007)
    return read
