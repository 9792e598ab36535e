"""Codes: contact-me ways and group join ways, and what scanning one does."""

import json
import sqlite3
from typing import Any
from urllib.parse import parse_qs, urlsplit

from wecom.sandbox.store import pack
from wecom.sandbox.world import Refused, World

from . import friends, groups


def find_contact_way(world: World, config_id: str) -> sqlite3.Row:
    """A contact-me code; refused when it never was or was deleted."""
    row = world.store.row("SELECT * FROM contact_way WHERE config_id = ?", config_id)
    if row is None:
        raise Refused("二维码已失效")
    return row


def find_join_way(world: World, config_id: str) -> sqlite3.Row:
    """A group code; refused when it never was or was deleted."""
    row = world.store.row("SELECT * FROM join_way WHERE config_id = ?", config_id)
    if row is None:
        raise Refused("群二维码已失效")
    return row


def choose_receiver(world: World, way: sqlite3.Row, external_userid: str) -> str:
    """Who of the code's members is added: in turn, or always the same one if exclusive."""
    receivers: list[str] = json.loads(way["receivers"])
    if not receivers:
        raise Refused("二维码没有可用的成员")
    body = json.loads(way["body"])
    if body.get("is_exclusive"):
        for userid in receivers:
            row = friends.find_friendship(world, userid, external_userid)
            if row is not None and row["status"] == "friends":
                return userid
    return receivers[way["next_receiver"] % len(receivers)]


def scan_contact_way(world: World, *, config_id: str, external_userid: str) -> dict[str, Any]:
    """The customer scans a contact-me code and taps add; once friends, nothing happens."""
    way = find_contact_way(world, config_id)
    body = json.loads(way["body"])
    userid = choose_receiver(world, way, external_userid)
    with world.store.writing():
        answer = friends.add_friend(
            world,
            userid=userid,
            external_userid=external_userid,
            state=body.get("state", ""),
            add_way=1,
            config_id=config_id,
            verified=bool(body.get("skip_verify", True)),
        )
        if not answer["already"]:
            world.store.run(
                "UPDATE contact_way SET next_receiver = next_receiver + 1 WHERE config_id = ?",
                config_id,
            )
    return answer


def scan_join_way(world: World, *, config_id: str, external_userid: str) -> dict[str, Any]:
    """The customer scans a group code and joins the first group that has room."""
    way = find_join_way(world, config_id)
    body = json.loads(way["body"])
    state = body.get("state", "")
    chat_ids: list[str] = body["chat_id_list"]
    for chat_id in chat_ids:
        if groups.is_inside(world, chat_id, external_userid):
            return {"chat_id": chat_id, "already": True}
    chat_id = choose_group(world, config_id, body)
    already = groups.join_group(world, chat_id=chat_id, person=external_userid, state=state)
    return {"chat_id": chat_id, "already": already}


def choose_group(world: World, config_id: str, body: dict[str, Any]) -> str:
    """The first living group with room; a new one when all are full and it may be made."""
    living = [
        chat_id
        for chat_id in body["chat_id_list"]
        if world.store.value(
            "SELECT 1 FROM group_chat WHERE chat_id = ? AND NOT dismissed", chat_id
        )
    ]
    for chat_id in living:
        if groups.size_of(world, chat_id) < groups.CODE_CAPACITY:
            return str(chat_id)
    if not living or not body.get("auto_create_room", 1):
        raise Refused("群已满，暂时无法加入")
    last = groups.find_group(world, living[-1])
    number = int(body.get("room_base_id") or 1)
    name = f"{body.get('room_base_name') or last['name']}{number}"
    chat_id = groups.create_group(world, owner=last["owner"], name=name, members=[])
    body = body | {
        "room_base_id": number + 1,
        "chat_id_list": [*body["chat_id_list"], chat_id][-5:],
    }
    world.store.run("UPDATE join_way SET body = ? WHERE config_id = ?", pack(body), config_id)
    return chat_id


def read_code(world: World, url: str) -> dict[str, Any]:
    """What a scanned text is: a contact-me code, a group code, customer service, a page."""
    parts = urlsplit(url.strip())
    pieces = [piece for piece in parts.path.split("/") if piece]
    local = parts.path + (f"?{parts.query}" if parts.query else "")
    if len(pieces) == 3 and pieces[0] == "sandbox":
        place, name = pieces[1], pieces[2].split(".")[0]
        if place == "qr":
            # The picture of a code instead of its content: same meaning.
            is_group = world.store.value("SELECT 1 FROM join_way WHERE config_id = ?", name)
            place = "g" if is_group else "c"
            local = f"/sandbox/{place}/{name}"
        if place == "c":
            return {"kind": "contact_way", "config_id": name, "open": local}
        if place == "g":
            return {"kind": "join_way", "config_id": name, "open": local}
        if place == "ca":
            return {"kind": "acquisition", "link_id": name, "open": local}
        if place == "kf":
            scene = parse_qs(parts.query).get("enc_scene", [""])[0]
            return {"kind": "kf", "open_kfid": name, "scene": scene, "open": local}
    if parts.scheme not in ("http", "https") and not url.startswith("/"):
        raise Refused("这不是一个网址")
    return {"kind": "web", "open": url.strip()}


def remember_shown(world: World, url: str, title: str) -> None:
    """Put a code on the phone's list of codes shown lately."""
    world.store.run(
        "INSERT INTO shown_code VALUES (?, ?, ?) ON CONFLICT (url)"
        " DO UPDATE SET title = excluded.title, shown_at = excluded.shown_at",
        url,
        title,
        world.clock.now(),
    )
    world.live.announce("codes")
