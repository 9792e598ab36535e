"""Events and messages that go to one application: what members do with it, its finished jobs."""

import sqlite3
from collections.abc import Callable
from typing import Any

from wecom.sandbox.world import World

from .events import Field, queue_delivery, write_cdata, write_xml

__all__ = ["MESSAGES", "tell_event", "tell_message", "tell_upload_finished", "write_cdata"]
SYSTEM = "sys"
Part = dict[str, Any]


def find_hearing(world: World, agent_id: int) -> sqlite3.Row | None:
    """The application, if it has a callback address and is not disabled."""
    return world.store.row(
        "SELECT * FROM app WHERE agent_id = ? AND callback_url != '' AND NOT disabled", agent_id
    )


def envelope(world: World, agent_id: int, sender: str, kind: str) -> list[Field]:
    """The fields that messages and events of an application begin with."""
    return [
        ("ToUserName", world.corp_id),
        ("FromUserName", sender),
        ("CreateTime", world.clock.second()),
        ("MsgType", kind),
        ("AgentID", agent_id),
    ]


def tell_event(
    world: World, agent_id: int, event: str, *extra: Field, sender: str = SYSTEM, raw: str = ""
) -> None:
    """An event of one application; ``raw`` is XML that no plain field can say."""
    app = find_hearing(world, agent_id)
    if app is None:
        return
    fields = [*envelope(world, agent_id, sender, "event"), ("Event", event), *extra]
    inner_xml = write_xml(fields)
    if raw:
        inner_xml = inner_xml.removesuffix("</xml>") + raw + "</xml>"
    queue_delivery(world, app, event, "", inner_xml)


def tell_message(world: World, agent_id: int, userid: str, kind: str, *extra: Field) -> None:
    """What a member sent to an application."""
    app = find_hearing(world, agent_id)
    if app is None:
        return
    number = world.ids.next_number("app_msgid") + 7_000_000_000_000_000_000
    fields = [*envelope(world, agent_id, userid, kind), *extra, ("MsgId", number)]
    queue_delivery(world, app, "message", kind, write_xml(fields))


def tell_upload_finished(world: World, agent_id: int, jobid: str) -> None:
    """upload_media_job_finish: the result can be fetched."""
    tell_event(world, agent_id, "upload_media_job_finish", ("JobId", jobid))


def media_fields(world: World, part: Part) -> list[Field]:
    """A file that a member sent: fetched by its media id."""
    return [("MediaId", str(part.get("media_id", "")))]


def write_text(world: World, part: Part) -> list[Field]:
    """Words."""
    return [("Content", str(part.get("content", "")))]


def write_image(world: World, part: Part) -> list[Field]:
    """A picture, also by address."""
    media_id = str(part.get("media_id", ""))
    return [("PicUrl", world.options.public(f"/sandbox/img/{media_id}")), ("MediaId", media_id)]


def write_voice(world: World, part: Part) -> list[Field]:
    """A voice and its format."""
    return [*media_fields(world, part), ("Format", "amr")]


def write_video(world: World, part: Part) -> list[Field]:
    """A film and its still."""
    return [*media_fields(world, part), ("ThumbMediaId", str(part.get("media_id", "")))]


def write_location(world: World, part: Part) -> list[Field]:
    """A place on the map."""
    return [
        ("Location_X", str(part.get("latitude", ""))),
        ("Location_Y", str(part.get("longitude", ""))),
        ("Scale", 15),
        ("Label", str(part.get("name", ""))),
        ("AppType", "wxwork"),
    ]


def write_link(world: World, part: Part) -> list[Field]:
    """A link card."""
    return [
        ("Title", str(part.get("title", ""))),
        ("Description", str(part.get("desc", ""))),
        ("Url", str(part.get("url", ""))),
        ("PicUrl", str(part.get("picurl", ""))),
    ]


MESSAGES: dict[str, Callable[[World, Part], list[Field]]] = {
    "text": write_text,
    "image": write_image,
    "voice": write_voice,
    "video": write_video,
    "location": write_location,
    "link": write_link,
}
