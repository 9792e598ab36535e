"""What people do around 微信客服: servicers in their client, customers on phones, admins."""

from typing import Any

from wecom.sandbox.truth import kf_desk
from wecom.sandbox.world import Refused, World

from .reading import Act, Body, need, optional


def flag_of(body: Body, name: str) -> bool:
    """A yes or no that the act cannot do without."""
    value = body.get(name)
    if not isinstance(value, bool):
        raise Refused(f"{name} 必须是 true 或 false")
    return value


def kf_servicer_status(world: World, body: Body) -> dict[str, Any]:
    """A servicer stops serving, or resumes."""
    kf_desk.change_servicer(
        world,
        open_kfid=need(body, "open_kfid"),
        userid=need(body, "userid"),
        serving=flag_of(body, "serving"),
    )
    return {}


def kf_hand_over(world: World, body: Body) -> dict[str, Any]:
    """A servicer gives the conversation to another one."""
    kf_desk.hand_over(
        world,
        open_kfid=need(body, "open_kfid"),
        external_userid=need(body, "customer"),
        to=need(body, "to"),
    )
    return {}


def kf_recall(world: World, body: Body) -> dict[str, Any]:
    """The customer, or with ``userid`` the servicer, takes a message back."""
    kf_desk.take_back(
        world,
        open_kfid=need(body, "open_kfid"),
        external_userid=need(body, "customer"),
        msgid=need(body, "msgid"),
        userid=optional(body, "userid"),
    )
    return {}


def kf_reject(world: World, body: Body) -> dict[str, Any]:
    """The customer refuses the account's messages, or with ``userid`` the servicer hers."""
    kf_desk.refuse(
        world,
        open_kfid=need(body, "open_kfid"),
        external_userid=need(body, "customer"),
        refused=flag_of(body, "reject"),
        userid=optional(body, "userid"),
    )
    return {}


def kf_authorize(world: World, body: Body) -> dict[str, Any]:
    """An admin gives an account to the API, or takes it away."""
    kf_desk.authorize(world, open_kfid=need(body, "open_kfid"), managed=flag_of(body, "managed"))
    return {}


def kf_upgrade_range(world: World, body: Body) -> dict[str, Any]:
    """An admin decides to whom customers may be upgraded."""
    parts = {name: body[name] for name in ("member_range", "groupchat_range") if name in body}
    world.store.put_setting("kf_upgrade", parts)
    return {}


ACTS: dict[str, Act] = {
    act.__name__: act
    for act in (
        kf_servicer_status,
        kf_hand_over,
        kf_recall,
        kf_reject,
        kf_authorize,
        kf_upgrade_range,
    )
}
