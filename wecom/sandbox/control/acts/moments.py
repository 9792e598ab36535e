"""What people do with moments, and the sends that members make by themselves."""

from typing import Any

from wecom.sandbox.truth import mass, media, moments, people
from wecom.sandbox.world import Refused, World

from .reading import Act, Body, content_of, need, optional


def publish_moment(world: World, body: Body) -> dict[str, Any]:
    """A guide publishes the corp's moment; nothing else in this sandbox can."""
    return moments.publish(world, moment_id=need(body, "moment_id"), userid=need(body, "userid"))


def personal_moment(world: World, body: Body) -> dict[str, Any]:
    """A guide writes a moment of his own."""
    attachments = body.get("attachments") or []
    moment_id = moments.publish_personal(
        world, userid=need(body, "userid"), text=optional(body, "text"), attachments=attachments
    )
    return {"moment_id": moment_id}


def delete_moment(world: World, body: Body) -> dict[str, Any]:
    """A guide deletes a moment of his own."""
    moments.delete(world, moment_id=need(body, "moment_id"), userid=need(body, "userid"))
    return {}


def like_moment(world: World, body: Body) -> dict[str, Any]:
    """A customer, or the guide himself, likes what the guide published."""
    return react(world, body, moments.LIKE)


def comment_moment(world: World, body: Body) -> dict[str, Any]:
    """A customer, or the guide himself, comments on what the guide published."""
    return react(world, body, moments.COMMENT)


def react(world: World, body: Body, kind: str) -> dict[str, Any]:
    """Without a customer it is the guide himself."""
    userid = need(body, "userid")
    moments.react(
        world,
        moment_id=need(body, "moment_id"),
        userid=userid,
        person=optional(body, "customer") or userid,
        kind=kind,
        text=optional(body, "text"),
    )
    return {}


def personal_mass_send(world: World, body: Body) -> dict[str, Any]:
    """A guide sends to some of his customers, or to some of his groups, at one time."""
    targets = body.get("customers") or body.get("chat_ids")
    if not isinstance(targets, list) or not targets:
        raise Refused("缺少 customers 或 chat_ids")
    return mass.send_personally(
        world, userid=need(body, "userid"), contents=[content_of(body)], targets=targets
    )


def record_voice(world: World, body: Body) -> dict[str, Any]:
    """A member speaks into a page; its JS-SDK uploads the voice."""
    people.find_member(world, need(body, "userid"))
    spoken = optional(body, "text") or "…"
    media_id = media.keep(
        world,
        kind=media.VOICE_OF_PAGE,
        type="voice",
        filename="voice.speex",
        content_type="voice/speex",
        data=f"speex {spoken}".encode(),
    )
    return {"media_id": media_id}


ACTS: dict[str, Act] = {
    act.__name__: act
    for act in (
        publish_moment,
        personal_moment,
        delete_moment,
        like_moment,
        comment_moment,
        personal_mass_send,
        record_voice,
    )
}
