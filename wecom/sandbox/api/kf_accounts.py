"""Accounts of 微信客服, their servicers, and the offer of a guide of one's own (wecom.md 7.5)."""

from typing import Any

from wecom.sandbox.truth import kf_desk, media, people
from wecom.sandbox.wire import reading
from wecom.sandbox.wire.errors import ApiError
from wecom.sandbox.wire.registry import Call, endpoint

from .kf import account_of, session_of

NAME_CHARS = 16
MOST_ACCOUNTS = 5000
MOST_SERVICERS = 2000
MEMBER, GROUP = 1, 2


def read_avatar(call: Call) -> str:
    """A picture of media/upload, or none."""
    media_id = reading.text(call.body, "media_id")
    if media_id and not media.is_usable(call.world, media_id, "image"):
        raise ApiError(40007)
    return call.world.options.public(f"/sandbox/img/{media_id}") if media_id else ""


@endpoint("kf/account/add")
def add_account(call: Call) -> dict[str, Any]:
    """A new account, at once managed by the API."""
    name = reading.text(call.body, "name", missing=95006, chars=NAME_CHARS, too_long=95006)
    if call.world.store.count("kf_account") >= MOST_ACCOUNTS:
        raise ApiError(95005)
    open_kfid = call.world.ids.new("kf_account", 32, "wk")
    call.world.store.run(
        "INSERT INTO kf_account (open_kfid, name, avatar) VALUES (?, ?, ?)",
        open_kfid,
        name,
        read_avatar(call),
    )
    return {"open_kfid": open_kfid}


@endpoint("kf/account/update")
def update_account(call: Call) -> dict[str, Any]:
    """Another name or picture."""
    account = account_of(call)
    name = reading.text(call.body, "name", chars=NAME_CHARS, too_long=95006)
    call.world.store.run(
        "UPDATE kf_account SET name = ?, avatar = ? WHERE open_kfid = ?",
        name or account["name"],
        read_avatar(call) or account["avatar"],
        account["open_kfid"],
    )
    return {}


@endpoint("kf/account/del")
def delete_account(call: Call) -> dict[str, Any]:
    """The account is gone; calls that name it answer 95004."""
    open_kfid = account_of(call)["open_kfid"]
    store = call.world.store
    store.run("DELETE FROM kf_account WHERE open_kfid = ?", open_kfid)
    store.run("DELETE FROM kf_servicer WHERE open_kfid = ?", open_kfid)
    store.run("DELETE FROM kf_department WHERE open_kfid = ?", open_kfid)
    return {}


def named_servicers(call: Call, *, parties: int) -> tuple[list[str], list[int]]:
    """Members and departments of a request; neither is 40063."""
    userids = reading.texts(call.body, "userid_list", most=100)
    departments = reading.numbers(call.body, "department_id_list")
    if len(departments) > parties:
        raise ApiError(40058)
    if not userids and not departments:
        raise ApiError(40063)
    return userids, departments


def outcome(name: str, value: object, code: int = 0, text: str = "success") -> dict[str, Any]:
    """One line of result_list."""
    return {name: value, "errcode": code, "errmsg": text}


@endpoint("kf/servicer/add")
def add_servicers(call: Call) -> dict[str, Any]:
    """Members in range and departments begin to serve; who served before is ignored."""
    open_kfid, store = account_of(call)["open_kfid"], call.world.store
    userids, departments = named_servicers(call, parties=20)
    serving = store.value("SELECT count(*) FROM kf_servicer WHERE open_kfid = ?", open_kfid)
    if serving + len(userids) > MOST_SERVICERS:
        raise ApiError(40058, "too many servicers")
    results = []
    for userid in userids:
        if not people.is_visible(call.world, call.app, userid):
            results.append(outcome("userid", userid, 60111, "userid not found"))
            continue
        new = store.run(
            "INSERT OR IGNORE INTO kf_servicer (open_kfid, userid) VALUES (?, ?)",
            open_kfid,
            people.find_member(call.world, userid)["userid"],
        )
        results.append(outcome("userid", userid, 0, "success" if new else "ignored"))
    for party in departments:
        if not store.value("SELECT 1 FROM department WHERE id = ?", party):
            results.append(outcome("department_id", party, 60003, "department not found"))
            continue
        new = store.run("INSERT OR IGNORE INTO kf_department VALUES (?, ?)", open_kfid, party)
        results.append(outcome("department_id", party, 0, "success" if new else "ignored"))
    return {"result_list": results}


@endpoint("kf/servicer/del")
def delete_servicers(call: Call) -> dict[str, Any]:
    """Members and departments stop serving; who did not serve is ignored."""
    open_kfid, store = account_of(call)["open_kfid"], call.world.store
    userids, departments = named_servicers(call, parties=100)
    results = []
    for userid in userids:
        gone = store.run(
            "DELETE FROM kf_servicer WHERE open_kfid = ? AND userid = ?", open_kfid, userid
        )
        results.append(outcome("userid", userid, 0, "success" if gone else "ignored"))
    for party in departments:
        gone = store.run(
            "DELETE FROM kf_department WHERE open_kfid = ? AND department_id = ?",
            open_kfid,
            party,
        )
        results.append(outcome("department_id", party, 0, "success" if gone else "ignored"))
    return {"result_list": results}


@endpoint("kf/servicer/list")
def list_servicers(call: Call) -> dict[str, Any]:
    """Who serves an account, members and departments."""
    call.body.setdefault("open_kfid", call.query.get("open_kfid"))
    open_kfid, store = account_of(call)["open_kfid"], call.world.store
    rows = store.rows("SELECT * FROM kf_servicer WHERE open_kfid = ? ORDER BY userid", open_kfid)
    parties = store.column(
        "SELECT department_id FROM kf_department WHERE open_kfid = ? ORDER BY department_id",
        open_kfid,
    )
    members = [{"userid": r["userid"], "status": r["status"], "stop_type": 0} for r in rows]
    return {"servicer_list": [*members, *({"department_id": party} for party in parties)]}


@endpoint("kf/customer/get_upgrade_service_config")
def get_upgrade_service_config(call: Call) -> dict[str, Any]:
    """To whom customers may be upgraded; nothing configured is 95021."""
    ranges = kf_desk.upgrade_ranges(call.world)
    if not ranges:
        raise ApiError(95021)
    return {
        "member_range": {"userid_list": [], "department_id_list": []}
        | ranges.get("member_range", {}),
        "groupchat_range": {"chat_id_list": []} | ranges.get("groupchat_range", {}),
    }


@endpoint("kf/customer/upgrade_service")
def upgrade_service(call: Call) -> dict[str, Any]:
    """Offer the customer a member (1) or a group (2) inside the configured range."""
    session = session_of(call)
    ranges = get_upgrade_service_config(call)
    kind = reading.number(call.body, "type", low=MEMBER, high=GROUP)
    part = reading.mapping(call.body, "member" if kind == MEMBER else "groupchat")
    wording = reading.text(part, "wording")
    if kind == MEMBER:
        target = reading.text(part, "userid", missing=40063)
        allowed = is_member_allowed(call, ranges["member_range"], target)
    else:
        target = reading.text(part, "chat_id", missing=40063)
        allowed = target in ranges["groupchat_range"]["chat_id_list"]
    if not allowed:
        raise ApiError(95021, f"{target} is not in the upgrade range")
    kf_desk.recommend(
        call.world,
        open_kfid=session["open_kfid"],
        external_userid=session["external_userid"],
        type=kind,
        target=target,
        wording=wording,
    )
    return {}


def is_member_allowed(call: Call, wanted: dict[str, Any], userid: str) -> bool:
    """Named himself, or inside a named department."""
    if userid.lower() in {each.lower() for each in wanted["userid_list"]}:
        return True
    below = people.departments_below(call.world, wanted["department_id_list"])
    own = call.world.store.column(
        "SELECT department_id FROM member_department WHERE userid = ?", userid
    )
    return not below.isdisjoint(own)


@endpoint("kf/customer/cancel_upgrade_service")
def cancel_upgrade_service(call: Call) -> dict[str, Any]:
    """Take the offer back; repeating is harmless."""
    session = session_of(call)
    call.world.store.run(
        "DELETE FROM kf_upgrade WHERE open_kfid = ? AND external_userid = ?",
        session["open_kfid"],
        session["external_userid"],
    )
    return {}
