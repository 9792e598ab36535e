"""One person under different ids, one group under another (wecom.md 5.8)."""

from sqlite3 import Row
from typing import Any

from wecom.sandbox.truth import friends, people
from wecom.sandbox.wire import reading
from wecom.sandbox.wire.errors import ApiError
from wecom.sandbox.wire.registry import Call, endpoint

from . import checks

AT_ONCE = 100


def is_followed(call: Call, external_userid: str) -> bool:
    """Whether somebody in range has the customer."""
    return any(
        people.is_visible(call.world, call.app, follower["userid"])
        for follower in friends.followers_for_api(call.world, external_userid)
    )


@endpoint("externalcontact/convert_to_openid", contacts=True)
def convert_to_openid(call: Call) -> dict[str, Any]:
    """A customer's openid at the service account that the corp is bound to."""
    external_userid = reading.text(call.body, "external_userid", missing=41035)
    customer = checks.known_customer(call, external_userid)
    if customer["type"] != friends.WECHAT_USER:
        raise ApiError(41056)
    account = call.world.store.setting("service_account") or {}
    if not call.world.is_bound or not account:
        raise ApiError(41057)
    if not is_followed(call, external_userid):
        raise ApiError(84084)
    return {"openid": people.openid_of(call.world, account["app_id"], external_userid)}


def person_of_unionid(call: Call) -> Row | None:
    """Who has the unionid; an openid given with it must be hers."""
    unionid = reading.text(call.body, "unionid", missing=40063)
    openid = reading.text(call.body, "openid")
    row = call.world.store.row("SELECT * FROM customer WHERE unionid = ?", unionid)
    account = call.world.store.setting("service_account") or {}
    if row is not None and openid and account:
        own = people.openid_of(call.world, account["app_id"], row["external_userid"])
        if openid != own:
            raise ApiError(40058, "openid does not belong to unionid")
    return row


@endpoint("externalcontact/unionid_to_external_userid", contacts=True)
def unionid_to_external_userid(call: Call) -> dict[str, Any]:
    """The customer of this unionid; 84061 when nobody in range has her."""
    row = person_of_unionid(call)
    if row is None or not is_followed(call, row["external_userid"]):
        raise ApiError(84061)
    return {"external_userid": row["external_userid"]}


@endpoint("idconvert/unionid_to_external_userid", contacts=True)
def unionid_to_id(call: Call) -> dict[str, Any]:
    """The customer, or a pending id for somebody who is none yet."""
    reading.number(call.body, "subject_type", 0, high=1)
    row = person_of_unionid(call)
    if row is not None and is_followed(call, row["external_userid"]):
        return {"external_userid": row["external_userid"]}
    return {"pending_id": call.world.ids.derive("pending_id", call.body["unionid"], 32, "wp")}


@endpoint("idconvert/convert_tmp_external_userid", contacts=True)
def convert_tmp(call: Call) -> dict[str, Any]:
    """Who stands behind ids that were handed out for a short while."""
    reading.number(call.body, "business_type", low=1, high=5)
    reading.number(call.body, "user_type", low=1, high=4)
    wanted = reading.texts(call.body, "tmp_external_userid_list", most=AT_ONCE, missing=40063)
    results, unknown = [], []
    for outside in wanted:
        inside = people.find_other_name(call.world, "tmp", outside)
        if inside:
            results.append({"tmp_external_userid": outside, "external_userid": inside})
        else:
            unknown.append(outside)
    return {"results": results, "invalid_tmp_external_userid_list": unknown}


@endpoint("externalcontact/from_service_external_userid", contacts=True)
def from_service(call: Call) -> dict[str, Any]:
    """A customer under the id that a service provider's application knows her by."""
    outside = reading.text(call.body, "external_userid", missing=41035)
    agent = reading.number(call.body, "source_agentid", missing=41011)
    inside = people.find_other_name(call.world, f"service:{agent}", outside)
    if not inside:
        raise ApiError(40096)
    return {"external_userid": inside}


@endpoint("externalcontact/opengid_to_chatid", contacts=True)
def opengid_to_chatid(call: Call) -> dict[str, Any]:
    """The customer group that a mini-program was opened in."""
    opengid = reading.text(call.body, "opengid", missing=40063)
    chat_id = people.find_other_name(call.world, "opengid", opengid)
    if not chat_id:
        raise ApiError(90511)
    row = call.world.store.row("SELECT * FROM group_chat WHERE chat_id = ?", chat_id)
    if row is None or row["dismissed"]:
        raise ApiError(90509)
    if not people.is_in_range(call.world, call.app, row["owner"]):
        raise ApiError(60011)
    return {"chat_id": chat_id}
