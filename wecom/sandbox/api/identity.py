"""Who is behind a code: members' OAuth and web login (wecom.md 4.2, 4.3)."""

from sqlite3 import Row
from typing import Any

from wecom.sandbox.truth import codes, friends, people
from wecom.sandbox.wire import reading
from wecom.sandbox.wire.errors import ApiError
from wecom.sandbox.wire.registry import Call, endpoint


def spend(call: Call) -> Row:
    """The code's person, once; everything else is 40029."""
    code = call.query.get("code", "")
    row = codes.spend_code(call.world, code, "corp")
    if isinstance(row, str):
        raise ApiError(40029)
    return row


def external_userid_for(call: Call, external_userid: str) -> str:
    """The id, when a follower of the person is in the application's range."""
    for follower in friends.followers_for_api(call.world, external_userid):
        if people.is_visible(call.world, call.app, follower["userid"]):
            return external_userid
    return ""


@endpoint("auth/getuserinfo")
def get_user_info(call: Call) -> dict[str, Any]:
    """A member's userid, even out of range; for others openid and maybe external_userid."""
    row = spend(call)
    if row["subject_type"] == codes.MEMBER:
        answer = {"userid": row["subject"]}
        private = row["scope"] == "snsapi_privateinfo"
        if private and people.is_visible(call.world, call.app, row["subject"]):
            answer["user_ticket"] = codes.issue_grant(
                call.world,
                kind="user_ticket",
                subject=row["subject"],
                scope=row["scope"],
                life_s=codes.TICKET_LIFE_S,
            )
        return answer
    openid = people.openid_of(call.world, call.world.corp_id, row["subject"])
    known = external_userid_for(call, row["subject"])
    return {"openid": openid} | ({"external_userid": known} if known else {})


@endpoint("user/getuserinfo")
def get_user_info_old(call: Call) -> dict[str, Any]:
    """The old path with capital names, which wechatpy calls."""
    row = spend(call)
    if row["subject_type"] == codes.MEMBER:
        return {"UserId": row["subject"], "DeviceId": ""}
    openid = people.openid_of(call.world, call.world.corp_id, row["subject"])
    known = external_userid_for(call, row["subject"])
    answer = {"OpenId": openid, "DeviceId": ""}
    return answer | ({"external_userid": known} if known else {})


@endpoint("auth/getuserdetail")
def get_user_detail(call: Call) -> dict[str, Any]:
    """Private fields of a member who agreed; the ticket lives 30 minutes."""
    ticket = reading.text(call.body, "user_ticket", missing=40063)
    grant = codes.find_grant(call.world, ticket, "user_ticket")
    if grant is None:
        raise ApiError(84014)
    avatar = call.world.store.value("SELECT avatar FROM member WHERE userid = ?", grant["subject"])
    return {"userid": grant["subject"], "gender": "0", "avatar": avatar or ""}
