"""Events and messages that go to one application: what members do with it, its finished jobs."""

import sqlite3

from wecom.sandbox.world import World

from .events import Field, queue_delivery, write_xml

SYSTEM = "sys"


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
