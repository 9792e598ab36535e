"""会话内容存档: what the archive hears of conversations, in the vendor's JSON.

It hears only where a licensed member is inside, and a customer only when she agreed.
"""

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

from wecom.sandbox.store import pack
from wecom.sandbox.world import World

from . import chats, zone

HEARD = ("single", "group", "appchat")
Part = dict[str, Any]


@chats.listen
def keep_all(world: World, ids: Sequence[str], posts: Sequence[chats.Post], at: float) -> None:
    """Keep what may be heard of some messages."""
    kinds = {kind for kind in world.switches.on.archive_kinds.split(",") if kind}
    known: dict[str, tuple[bool, list[str]]] = {}
    for msgid, post in zip(ids, posts, strict=True):
        chat, kind = post.chat, post.content["msgtype"]
        if post.sender_type not in (chats.MEMBER, chats.CUSTOMER) or chat.kind not in HEARD:
            continue
        if kinds and kind not in kinds:
            continue
        if chat.key not in known:
            known[chat.key] = scope_of(world, chat)
        licensed, inside = known[chat.key]
        if not licensed or (
            post.sender_type == chats.CUSTOMER and not has_agreed(world, post.sender)
        ):
            continue
        keep(world, msgid, post, [each for each in inside if each != post.sender], at)


def keep(world: World, msgid: str, post: chats.Post, tolist: Sequence[str], at: float) -> None:
    """One message more in the archive; the data zone's keyword rules see it too."""
    kind = post.content["msgtype"]
    taken = kind == "revoke"
    suffix = "_recall_external" if taken else "_external"
    part = {"pre_msgid": f"{msgid}_external"} if taken else written(world, post.content)
    message = {
        "msgid": f"{msgid}{suffix}",
        "action": "recall" if taken else "send",
        "from": post.sender,
        "tolist": list(tolist),
        "roomid": post.chat.place if post.chat.kind in ("group", "appchat") else "",
        "msgtime": int(at * 1000),
        "msgtype": name_of(kind),
        name_of(kind): part,
    }
    seq = world.store.insert(
        "INSERT OR IGNORE INTO archive (msgid, message, at) VALUES (?, ?, ?)",
        message["msgid"],
        pack(message),
        at,
    )
    zone.look_at(world, seq, post.content)
    world.wake_courier()


def scope_of(world: World, chat: chats.Chat) -> tuple[bool, list[str]]:
    """Whether an archived member is inside, and everybody who is."""
    store = world.store
    if chat.kind == "single":
        licensed = store.value("SELECT 1 FROM member WHERE userid = ? AND archived", chat.userid)
        return bool(licensed), [chat.userid, chat.external_userid]
    if chat.kind == "group":
        rows = store.rows(
            "SELECT member_id, coalesce(archived, 0) AS archived FROM group_member"
            " LEFT JOIN member ON member.userid = member_id AND type = 1"
            " WHERE chat_id = ? ORDER BY joined_at, member_id",
            chat.place,
        )
    else:
        rows = store.rows(
            "SELECT userid AS member_id, archived FROM appchat_member JOIN member USING (userid)"
            " WHERE chatid = ? ORDER BY joined_at, userid",
            chat.place,
        )
    return any(row["archived"] for row in rows), [row["member_id"] for row in rows]


def has_agreed(world: World, external_userid: str) -> bool:
    """Whether the customer agreed to the archive."""
    return bool(
        world.store.value(
            "SELECT archive_agreed FROM customer WHERE external_userid = ?", external_userid
        )
    )


def tell_consent(world: World, external_userid: str, *, agreed: bool) -> None:
    """agree or disagree, from the customer to each archived member who has her."""
    kind, at = "agree" if agreed else "disagree", world.clock.now()
    members = world.store.column(
        "SELECT userid FROM friendship JOIN member USING (userid) WHERE external_userid = ?"
        " AND friendship.status = 'friends' AND archived AND member.status != 5 ORDER BY userid",
        external_userid,
    )
    for userid in members:
        part = {"userid": external_userid, "agree_time": int(at * 1000)}
        content = {"msgtype": kind, kind: part}
        post = chats.Post(
            chats.single(userid, external_userid), external_userid, chats.CUSTOMER, content
        )
        keep(world, world.ids.new("consent", 28), post, [userid], at)


# How each kind of content stands in the archive ---------------------------------------


def name_of(kind: str) -> str:
    """The archive calls mini-programs weapp; the rest keeps its name."""
    return {"miniprogram": "weapp"}.get(kind, kind)


def written(world: World, content: chats.Content) -> Part:
    """The vendor's fields of one content."""
    kind = content["msgtype"]
    part: Part = content.get(kind) or {}
    return WRITERS[kind](world, part) if kind in WRITERS else dict(part)


def file_part(world: World, part: Part) -> Part:
    """A file as the archive names it: by sdkfileid, with its size and MD5."""
    wanted = str(part.get("media_id") or str(part.get("pic_url", "")).rpartition("/")[2])
    sdkfileid = world.ids.derive("sdkfileid", wanted, 88)
    known = world.store.row("SELECT * FROM archive_file WHERE sdkfileid = ?", sdkfileid)
    if known is None:
        row = world.store.row("SELECT * FROM media WHERE media_id = ?", wanted)
        if row is None:
            return {"sdkfileid": "", "md5sum": "", "filesize": 0, "filename": ""}
        # One file goes to thousands: it is measured once.
        md5 = hashlib.md5(row["data"], usedforsecurity=False).hexdigest()
        found = (sdkfileid, wanted, md5, len(row["data"]), row["filename"])
        world.store.run("INSERT INTO archive_file VALUES (?, ?, ?, ?, ?)", *found)
        return file_part(world, part)
    return {
        "sdkfileid": sdkfileid,
        "md5sum": known["md5"],
        "filesize": known["size"],
        "filename": known["filename"],
    }


def write_picture(world: World, part: Part) -> Part:
    """Picture or film: no name."""
    found = file_part(world, part)
    return {key: found[key] for key in ("sdkfileid", "md5sum", "filesize")}


def write_film(world: World, part: Part) -> Part:
    """A film also tells how long it is."""
    return write_picture(world, part) | {"play_length": int(part.get("play_length") or 0)}


def write_voice(world: World, part: Part) -> Part:
    """A voice names its size otherwise."""
    found = file_part(world, part)
    return {
        "sdkfileid": found["sdkfileid"],
        "md5sum": found["md5sum"],
        "voice_size": found["filesize"],
        "play_length": int(part.get("play_length") or 0),
    }


def write_file(world: World, part: Part) -> Part:
    """A file tells its name and what it ends in."""
    found = file_part(world, part)
    return found | {"fileext": found["filename"].rpartition(".")[2]}


def write_link(_world: World, part: Part) -> Part:
    """A link card under the archive's names."""
    return {
        "title": part.get("title", ""),
        "description": part.get("desc", ""),
        "link_url": part.get("url", ""),
        "image_url": part.get("picurl", ""),
    }


def write_mini(_world: World, part: Part) -> Part:
    """A mini-program card."""
    return {
        "title": part.get("title", ""),
        "description": "",
        "username": part.get("appid", ""),
        "displayname": part.get("title", ""),
    }


WRITERS: dict[str, Callable[[World, Part], Part]] = {
    "image": write_picture,
    "video": write_film,
    "voice": write_voice,
    "file": write_file,
    "link": write_link,
    "miniprogram": write_mini,
}
