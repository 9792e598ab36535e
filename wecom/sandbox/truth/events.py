"""What WeCom would tell an application: the inner XML of events and who gets a copy.

Only acts of people (client, phone, console) call these; API-made changes never do.
"""

import json
import re
import sqlite3
import time
from collections.abc import Iterable

from wecom.sandbox.world import World

from .people import is_visible

# What an application may subscribe to; one that names nothing hears everything.
EVENT_KINDS = ("contact", "chat", "kf", "msgaudit", "directory", "tag", "acquisition", "zone")
Field = tuple[str, str | int | list[str] | None]


def write_cdata(text: str) -> str:
    """Text inside CDATA, even when it holds the end mark."""
    return "<![CDATA[" + text.replace("]]>", "]]]]><![CDATA[>") + "]]>"


def write_field(name: str, value: str | int | list[str] | None) -> str:
    """One element: numbers bare, texts in CDATA, lists as Item elements, None not at all."""
    if value is None:
        return ""
    if isinstance(value, int):
        return f"<{name}>{value}</{name}>"
    if isinstance(value, list):
        items = "".join(f"<Item>{write_cdata(item)}</Item>" for item in value)
        return f"<{name}>{items}</{name}>"
    return f"<{name}>{write_cdata(value)}</{name}>"


def write_xml(fields: Iterable[Field]) -> str:
    """The decrypted XML of one event."""
    return "<xml>" + "".join(write_field(*field) for field in fields) + "</xml>"


def omit_fields(inner_xml: str, names: str) -> str:
    """The event without the elements named, as older versions and rare cases of WeCom send it."""
    for name in names.replace("，", ",").split(","):
        if name.strip().isalnum():
            inner_xml = re.sub(rf"<{name.strip()}>.*?</{name.strip()}>", "", inner_xml, flags=re.S)
    return inner_xml


def envelope_of(world: World, event: str) -> list[Field]:
    """The fields that every corp event begins with."""
    return [
        ("ToUserName", world.corp_id),
        ("FromUserName", "sys"),
        ("CreateTime", world.clock.second()),
        ("MsgType", "event"),
        ("Event", event),
    ]


def apps_that_hear(world: World, kind: str, userid: str = "") -> list[sqlite3.Row]:
    """Applications with a callback address for this kind whose range holds the member."""
    apps = world.store.rows(
        "SELECT * FROM app WHERE callback_url != '' AND NOT disabled ORDER BY agent_id"
    )
    return [
        app
        for app in apps
        if kind in json.loads(app["events"])
        and (kind not in ("contact", "chat", "tag") or app["callable_contacts"])
        and (not userid or is_visible(world, app, userid))
    ]


def tell(
    world: World,
    apps: Iterable[sqlite3.Row],
    event: str,
    change_type: str,
    fields: Iterable[Field],
) -> None:
    """One corp event, the same for each of these applications."""
    inner = write_xml([*envelope_of(world, event), ("ChangeType", change_type), *fields])
    for app in apps:
        queue_delivery(world, app, event, change_type, inner)


def queue_delivery(
    world: World, app: sqlite3.Row, event: str, change_type: str, inner_xml: str
) -> int:
    """Put one event into the courier's bag; chance may drop, double or delay it."""
    on = world.switches.on
    inner_xml = omit_fields(inner_xml, on.omitted_event_fields)
    event_id = world.ids.next_number("event")
    dropped = world.chance.random() < on.drop_probability
    copies = 2 if world.chance.random() < on.duplicate_probability else 1
    for _ in range(copies):
        delay = 0.0
        if world.chance.random() < on.reorder_probability:
            delay = world.chance.random() * on.reorder_max_s
        world.store.run(
            "INSERT INTO delivery"
            " (event_id, agent_id, event, change_type, inner_xml, state, due_at, at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            event_id,
            app["agent_id"],
            event,
            change_type,
            inner_xml,
            "dropped" if dropped else "waiting",
            # Pauses and deadlines run in real time; the simulated clock ages codes.
            time.time() + delay,
            world.clock.now(),
        )
    world.wake_courier()
    world.live.announce("control")
    return event_id


def tell_contact_change(
    world: World,
    change_type: str,
    userid: str,
    external_userid: str,
    *,
    state: str = "",
    source: str = "",
    fail_reason: str = "",
    welcome_codes: dict[int, str] | None = None,
) -> None:
    """change_external_contact to every application that may see the member."""
    for app in apps_that_hear(world, "contact", userid):
        fields = [
            *envelope_of(world, "change_external_contact"),
            ("ChangeType", change_type),
            ("FailReason", fail_reason or None),
            ("UserID", userid),
            ("ExternalUserID", external_userid),
            ("State", state or None),
            ("Source", source or None),
            ("WelcomeCode", (welcome_codes or {}).get(app["agent_id"])),
        ]
        queue_delivery(world, app, "change_external_contact", change_type, write_xml(fields))


def tell_group_change(
    world: World, chat_id: str, owner: str, change_type: str, *extra: Field
) -> None:
    """change_external_chat to every application that may see the owner."""
    detail = next((str(v) for name, v in extra if name == "UpdateDetail"), "")
    label = f"{change_type}/{detail}" if detail else change_type
    fields = [
        *envelope_of(world, "change_external_chat"),
        ("ChatId", chat_id),
        ("ChangeType", change_type),
        *extra,
    ]
    for app in apps_that_hear(world, "chat", owner):
        queue_delivery(world, app, "change_external_chat", label, write_xml(fields))


def tell_archive_grew(world: World) -> None:
    """msgaudit_notify: there is something new to pull; says nothing about what."""
    fields = [*envelope_of(world, "msgaudit_notify"), ("AgentID", 2000004)]
    for app in apps_that_hear(world, "msgaudit"):
        queue_delivery(world, app, "msgaudit_notify", "", write_xml(fields))


def tell_kf_grew(world: World, open_kfid: str) -> None:
    """kf_msg_or_event with a token for sync_msg; it has no FromUserName and no AgentID."""
    for app in apps_that_hear(world, "kf"):
        token = world.ids.new("kf_token", 32, "ENC")
        world.store.run(
            "INSERT INTO kf_token VALUES (?, ?, ?)",
            token,
            open_kfid,
            world.clock.now() + world.switches.on.kf_token_ttl_s,
        )
        fields: list[Field] = [
            ("ToUserName", world.corp_id),
            ("CreateTime", world.clock.second()),
            ("MsgType", "event"),
            ("Event", "kf_msg_or_event"),
            ("Token", token),
            ("OpenKfId", open_kfid),
        ]
        queue_delivery(world, app, "kf_msg_or_event", open_kfid, write_xml(fields))
