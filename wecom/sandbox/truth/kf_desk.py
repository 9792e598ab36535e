"""What people do around 微信客服: pause, hand over, take back, refuse, change rights."""

from wecom.sandbox.store import pack
from wecom.sandbox.world import Refused, World

from . import chats, events, kf

SERVING, PAUSED = 1, 2
TRANSFERRED = 2


def change_servicer(world: World, *, open_kfid: str, userid: str, serving: bool) -> None:
    """A servicer stops or resumes (servicer_status_change)."""
    changed = world.store.run(
        "UPDATE kf_servicer SET status = ? WHERE open_kfid = ? AND userid = ?",
        not serving,
        open_kfid,
        userid,
    )
    if not changed:
        raise Refused("不是这个客服账号的接待人员")
    event = {
        "event_type": "servicer_status_change",
        "open_kfid": open_kfid,
        "servicer_userid": userid,
        "status": SERVING if serving else PAUSED,
    }
    kf.feed(world, open_kfid, {"origin": kf.FROM_SYSTEM, "msgtype": "event", "event": event})


def hand_over(world: World, *, open_kfid: str, external_userid: str, to: str) -> None:
    """A servicer gives the conversation to another one in the client (change_type 2)."""
    session = kf.session_of(world, open_kfid, external_userid)
    if session["state"] != kf.HUMAN:
        raise Refused("会话不在人工接待中")
    if not kf.serves(world, open_kfid, to):
        raise Refused("不是这个客服账号的接待人员")
    kf.change_session(world, session, servicer=to)
    kf.tell_status(world, session, TRANSFERRED, to)


def take_back(
    world: World, *, open_kfid: str, external_userid: str, msgid: str, userid: str = ""
) -> None:
    """The customer, or with ``userid`` the servicer, takes a message back."""
    session = kf.session_of(world, open_kfid, external_userid)
    number = world.store.value(
        "SELECT message_id FROM kf_said WHERE open_kfid = ? AND msgid = ?", open_kfid, msgid
    )
    row = world.store.row("SELECT * FROM message WHERE msgid = ?", number or "")
    source = "kf_servicer" if userid else "kf_customer"
    if row is None or row["source"] != source:
        raise Refused("没有这条消息，或不是本人发的")
    content = {"msgtype": "notice", "notice": {"content": "撤回了一条消息"}}
    world.store.run("UPDATE message SET content = ? WHERE msgid = ?", pack(content), number)
    if userid:
        kf.tell_event(
            world, session, "servicer_recall_msg", recall_msgid=msgid, servicer_userid=userid
        )
    else:
        kf.tell_event(world, session, "user_recall_msg", recall_msgid=msgid)
    world.live.announce(f"customer:{external_userid}")


def refuse(
    world: World, *, open_kfid: str, external_userid: str, refused: bool, userid: str = ""
) -> None:
    """The customer refuses the account, or with ``userid`` the servicer refuses her.

    Only the servicer's switch is told; of the customer's a server learns by msg_send_fail.
    """
    session = kf.session_of(world, open_kfid, external_userid)
    key = (open_kfid, external_userid, "servicer" if userid else "customer")
    if refused:
        world.store.run("INSERT OR IGNORE INTO kf_rejection VALUES (?, ?, ?)", *key)
    else:
        world.store.run(
            "DELETE FROM kf_rejection WHERE open_kfid = ? AND external_userid = ? AND who = ?",
            *key,
        )
    if userid:
        kf.tell_event(
            world,
            session,
            "reject_customer_msg_switch_change",
            servicer_userid=userid,
            reject_switch=int(refused),
        )


def authorize(world: World, *, open_kfid: str, managed: bool) -> None:
    """An admin gives an account to the API, or takes it away (kf_account_auth_change)."""
    kf.find_account(world, open_kfid)
    world.store.run("UPDATE kf_account SET managed = ? WHERE open_kfid = ?", managed, open_kfid)
    name = "AuthAddOpenKfId" if managed else "AuthDelOpenKfId"
    event = "kf_account_auth_change"
    fields: list[events.Field] = [*events.envelope_of(world, event), (name, open_kfid)]
    for app in events.apps_that_hear(world, "kf"):
        events.queue_delivery(world, app, event, open_kfid, events.write_xml(fields))


def recommend(
    world: World, *, open_kfid: str, external_userid: str, type: int, target: str, wording: str
) -> None:
    """The account offers a customer a member or a group of her own."""
    world.store.run(
        "INSERT OR REPLACE INTO kf_upgrade VALUES (?, ?, ?, ?, ?, ?)",
        open_kfid,
        external_userid,
        type,
        target,
        wording,
        world.clock.now(),
    )
    chat = kf.chat_with(open_kfid, external_userid)
    chats.post_all(world, [chats.notice(chat, wording or "为您推荐专属服务")])


def upgrade_ranges(world: World) -> dict[str, dict[str, list[object]]]:
    """Whom the corp lets customers be upgraded to; empty until an admin decides."""
    found: dict[str, dict[str, list[object]]] = world.store.setting("kf_upgrade", {})
    return found
