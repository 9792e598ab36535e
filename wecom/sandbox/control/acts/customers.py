"""What people do: customers on phones, members in their client. Each makes its callbacks."""

from typing import Any

from wecom.sandbox.truth import chats, consent, friends, groups, kf, mass, people, ways
from wecom.sandbox.world import Refused, World

from .reading import Act, Body, content_of, need, optional


def create_customer(world: World, body: Body) -> dict[str, Any]:
    """A new WeChat user picks up a phone."""
    customer = people.create_customer(
        world,
        name=optional(body, "name"),
        external_userid=optional(body, "external_userid"),
        unionid=optional(body, "unionid"),
        gender=int(body.get("gender") or 0),
    )
    return {"customer": customer}


def scan(world: World, body: Body) -> dict[str, Any]:
    """Say what a scanned text is; nothing happens yet."""
    return ways.read_code(world, need(body, "url"))


def scan_contact_way(world: World, body: Body) -> dict[str, Any]:
    """Scan a contact-me code and add the guide."""
    return ways.scan_contact_way(
        world, config_id=need(body, "config_id"), external_userid=need(body, "customer")
    )


def add_friend(world: World, body: Body) -> dict[str, Any]:
    """Become friends without a code."""
    return friends.add_friend(
        world,
        userid=need(body, "userid"),
        external_userid=need(body, "customer"),
        state=optional(body, "state"),
        add_way=int(body.get("add_way") or 1),
        by_customer=body.get("initiator", "customer") != "member",
    )


def add_half(world: World, body: Body) -> dict[str, Any]:
    """The customer adds a member who lets anybody in and has not added back yet."""
    return friends.add_half(
        world,
        userid=need(body, "userid"),
        external_userid=need(body, "customer"),
        state=optional(body, "state"),
    )


def add_back(world: World, body: Body) -> dict[str, Any]:
    """The member adds back who added him one-sidedly."""
    return friends.add_back(
        world, userid=need(body, "userid"), external_userid=need(body, "customer")
    )


def accept_friend(world: World, body: Body) -> dict[str, Any]:
    """The member accepts a request that waits."""
    return friends.accept_friend(
        world, userid=need(body, "userid"), external_userid=need(body, "customer")
    )


def delete_guide(world: World, body: Body) -> dict[str, Any]:
    """The customer deletes the guide."""
    friends.end_friendship(
        world,
        userid=need(body, "userid"),
        external_userid=need(body, "customer"),
        by_customer=True,
    )
    return {}


def delete_customer(world: World, body: Body) -> dict[str, Any]:
    """The guide deletes the customer."""
    friends.end_friendship(
        world,
        userid=need(body, "userid"),
        external_userid=need(body, "customer"),
        by_customer=False,
    )
    return {}


def edit_customer(world: World, body: Body) -> dict[str, Any]:
    """The guide edits remark, description or tags in the client."""
    friends.edit_in_client(
        world,
        userid=need(body, "userid"),
        external_userid=need(body, "customer"),
        remark=body.get("remark"),
        description=body.get("description"),
        add_tags=body.get("add_tags"),
        remove_tags=body.get("remove_tags"),
    )
    return {}


def create_group(world: World, body: Body) -> dict[str, Any]:
    """A guide founds a customer group."""
    chat_id = groups.create_group(
        world,
        owner=need(body, "owner"),
        name=need(body, "name"),
        members=list(body.get("members") or []),
        chat_id=optional(body, "chat_id"),
    )
    return {"chat_id": chat_id}


def join_group(world: World, body: Body) -> dict[str, Any]:
    """Come in by a group code, or be invited."""
    customer = need(body, "customer")
    if body.get("config_id"):
        return ways.scan_join_way(
            world, config_id=need(body, "config_id"), external_userid=customer
        )
    chat_id = need(body, "chat_id")
    already = groups.join_group(
        world,
        chat_id=chat_id,
        person=customer,
        join_scene=int(body.get("join_scene") or groups.BY_CODE),
        invitor=optional(body, "invitor"),
    )
    return {"chat_id": chat_id, "already": already}


def leave_group(world: World, body: Body) -> dict[str, Any]:
    """Leave by oneself."""
    groups.leave_group(world, chat_id=need(body, "chat_id"), person=need(body, "customer"))
    return {}


def remove_from_group(world: World, body: Body) -> dict[str, Any]:
    """The owner removes somebody."""
    groups.leave_group(
        world,
        chat_id=need(body, "chat_id"),
        person=need(body, "member"),
        scene=groups.REMOVED,
    )
    return {}


def rename_group(world: World, body: Body) -> dict[str, Any]:
    """The owner renames the group."""
    groups.rename_group(world, chat_id=need(body, "chat_id"), name=need(body, "name"))
    return {}


def dismiss_group(world: World, body: Body) -> dict[str, Any]:
    """The owner dissolves the group."""
    groups.dismiss_group(world, chat_id=need(body, "chat_id"))
    return {}


def chat(world: World, body: Body) -> dict[str, Any]:
    """Say something 1:1 (``to``) or in a group (``chat_id``)."""
    speaker, content = need(body, "from"), content_of(body)
    source = "sidebar" if body.get("source") == "sidebar" else "chat"
    if body.get("chat_id"):
        msgid = chats.say_in_group(
            world,
            person=speaker,
            chat_id=need(body, "chat_id"),
            content=content,
            source=source,
        )
        return {"msgid": msgid}
    hearer = need(body, "to")
    by_customer = bool(
        world.store.value("SELECT 1 FROM customer WHERE external_userid = ?", speaker)
    )
    msgid = chats.say_single(
        world,
        userid=hearer if by_customer else speaker,
        external_userid=speaker if by_customer else hearer,
        content=content,
        by_member=not by_customer,
        source=source,
    )
    return {"msgid": msgid}


def kf_enter(world: World, body: Body) -> dict[str, Any]:
    """Open the conversation with a customer-service account."""
    code = kf.enter(
        world,
        open_kfid=need(body, "open_kfid"),
        external_userid=need(body, "customer"),
        scene=optional(body, "scene"),
        scene_param=optional(body, "scene_param"),
    )
    return {"welcome_code_issued": bool(code)}


def kf_chat(world: World, body: Body) -> dict[str, Any]:
    """Write to a customer-service account."""
    msgid = kf.write(
        world,
        open_kfid=need(body, "open_kfid"),
        external_userid=need(body, "customer"),
        content=content_of(body),
    )
    return {"msgid": msgid}


def kf_servicer_chat(world: World, body: Body) -> dict[str, Any]:
    """A servicer answers in the client."""
    msgid = kf.say_as_servicer(
        world,
        open_kfid=need(body, "open_kfid"),
        external_userid=need(body, "customer"),
        userid=need(body, "userid"),
        content=content_of(body),
    )
    return {"msgid": msgid}


def kf_end(world: World, body: Body) -> dict[str, Any]:
    """A servicer ends the session in the client."""
    kf.end_in_client(
        world,
        open_kfid=need(body, "open_kfid"),
        external_userid=need(body, "customer"),
        userid=need(body, "userid"),
    )
    return {}


def confirm_task(world: World, body: Body) -> dict[str, Any]:
    """A guide confirms a mass send; nothing else in this sandbox can."""
    targets = body.get("targets")
    return mass.confirm_task(
        world,
        msgid=need(body, "msgid"),
        userid=need(body, "userid"),
        targets=list(targets) if targets is not None else None,
    )


def archive_consent(world: World, body: Body) -> dict[str, Any]:
    """The customer agrees to the chat archive, or withdraws."""
    customer = people.find_customer(world, need(body, "customer"))["external_userid"]
    agreed = body.get("agree")
    if not isinstance(agreed, bool):
        raise Refused("agree 必须是 true 或 false")
    consent.set_consent(world, customer, agreed=agreed)
    return {}


def mark_seen(world: World, body: Body) -> dict[str, Any]:
    """A person has a conversation open."""
    chats.mark_seen(world, need(body, "viewer"), need(body, "chat_key"))
    return {}


ACTS: dict[str, Act] = {
    act.__name__: act
    for act in (
        create_customer,
        scan,
        scan_contact_way,
        add_friend,
        add_half,
        add_back,
        accept_friend,
        delete_guide,
        delete_customer,
        edit_customer,
        create_group,
        join_group,
        leave_group,
        remove_from_group,
        rename_group,
        dismiss_group,
        chat,
        kf_enter,
        kf_chat,
        kf_servicer_chat,
        kf_end,
        confirm_task,
        archive_consent,
        mark_seen,
    )
}
