"""Actions on channel codes: making them, keeping WeCom's contact-me code, ending them."""

from __future__ import annotations

from collections.abc import Sequence

from kit.actions import action, must_be_in_action
from kit.actor import Actor
from kit.fields import shown_id
from members.identity.steps import tell_guide
from members.registration.models import ChannelCode, Scene
from stores.org.models import Guide
from wecom.outbox import steps as outbox
from wecom.outbox.models import OutboxRow
from wecom.outbox.queries import is_wished, last_bad_end

# Every guide has these; parcel cards and events get theirs when somebody wants them.
USUAL_SCENES: Sequence[Scene] = (Scene.ENTRANCE, Scene.FITTING_ROOM, Scene.TILL)


@action
def ensure_channel_codes(
    guide_id: int, *, by: Actor, scenes: Sequence[Scene] = USUAL_SCENES
) -> list[ChannelCode]:
    """The guide's codes for these scenes, made where missing; repeating makes none.

    For every code WeCom is asked for its contact-me way, once.
    """
    guide = Guide.objects.select_for_update(of=("self",)).select_related("store").get(pk=guide_id)
    codes = []
    for scene in scenes:
        code, _ = ChannelCode.objects.get_or_create(
            guide=guide,
            store=guide.store,
            scene=scene,
            campaign="",
            is_active=True,
            handed_from=None,
            roster=None,
        )
        ask_for_contact_way(code, guide)
        codes.append(code)
    return codes


@action
def make_channel_code(
    guide_id: int,
    *,
    scene: Scene,
    by: Actor,
    campaign: str = "",
    cost_centre: str = "",
    welcome_text: str = "",
) -> ChannelCode:
    """One more code, for a campaign; the same again returns the one that stands."""
    guide = Guide.objects.select_for_update(of=("self",)).select_related("store").get(pk=guide_id)
    code, _ = ChannelCode.objects.get_or_create(
        guide=guide,
        store=guide.store,
        scene=scene,
        campaign=campaign,
        is_active=True,
        handed_from=None,
        roster=None,
        defaults={"cost_centre": cost_centre, "welcome_text": welcome_text},
    )
    ask_for_contact_way(code, guide)
    return code


@action
def end_channel_code(code_id: int, *, by: Actor) -> ChannelCode:
    """The code leads nowhere any more; who scans it is told so. Ended before: unchanged."""
    code = ChannelCode.objects.select_for_update(of=("self",)).get(pk=code_id)
    code.is_active = False
    code.save(update_fields=["is_active"])
    return code


@action
def keep_contact_way(code_id: int, *, config_id: str, qr_code_url: str, by: Actor) -> ChannelCode:
    """What WeCom answered for a code."""
    code = (
        ChannelCode.objects.select_for_update(of=("self",))
        .select_related("guide__store")
        .get(pk=code_id)
    )
    code.config_id, code.qr_code_url = config_id, qr_code_url
    code.save(update_fields=["config_id", "qr_code_url"])
    tell_guide(code.guide, kind="code", subject=shown_id(code.public_id))
    return code


@action
def hand_over_codes(
    guide_id: int, successor_id: int, *, store_id: int | None, hand_over: str, by: Actor
) -> int:
    """The guide's codes lead to a successor from now on, here and in WeCom; how many did not yet.

    With a store only those that hang there. What is printed stays as it is: same token, same state.
    """
    successor = Guide.objects.select_related("store").get(pk=successor_id)
    codes = ChannelCode.objects.select_for_update(of=("self",)).filter(
        guide=guide_id, is_active=True
    )
    if store_id is not None:
        codes = codes.filter(store=store_id)
    moved = list(codes.order_by("pk"))
    for code in moved:
        code.handed_from_id = code.handed_from_id or guide_id
        code.guide = successor
        if code.config_id:
            outbox.put(
                "contact_way_change",
                {
                    "config_id": code.config_id,
                    "userids": [successor.wecom_userid],
                    "remark": f"{successor.name} {code.get_scene_display()}"[:30],
                },
                once=f"contact_way_change:{shown_id(code.public_id)}:{hand_over}",
                subject=f"channel_code:{shown_id(code.public_id)}",
            )
    ChannelCode.objects.bulk_update(moved, ["guide", "handed_from"])
    tell_guide(successor, kind="code")
    return len(moved)


@action
def replace_contact_way(code_id: int, *, lost: str, by: Actor) -> bool:
    """WeCom has lost the code's contact-me way: ask for another, once for each that was lost.

    False when the code has another way by now, or its guide no WeCom account. The printed code and
    its state stay; a picture of the lost way leads nowhere.
    """
    code = (
        ChannelCode.objects.select_for_update(of=("self",))
        .select_related("guide")
        .get(pk=code_id, is_active=True)
    )
    if code.config_id != lost or not code.guide.wecom_userid:
        return False
    code.config_id = code.qr_code_url = ""
    code.save(update_fields=["config_id", "qr_code_url"])
    ask_for_contact_way(code, code.guide, again=f":{lost}")
    return True


@action
def ask_for_missing_way(code_id: int, *, by: Actor) -> bool:
    """Ask once more for a way that WeCom refused or left open, or that nobody asked for.

    False when the code has one, its guide is gone or without a WeCom account, or a wish is still
    on its way. Each wish that ended badly is followed by one other.
    """
    code = (
        ChannelCode.objects.select_for_update(of=("self",)).select_related("guide").get(pk=code_id)
    )
    if not code.is_active or code.config_id or code.guide.left_on is not None:
        return False
    subject = f"channel_code:{shown_id(code.public_id)}"
    if is_wished("contact_way", subject=subject):
        return False
    ended = last_bad_end("contact_way", subject=subject)
    wish = ask_for_contact_way(code, code.guide, again="" if ended is None else f":after{ended}")
    return wish is not None and wish.ended_at is None


def ask_for_contact_way(code: ChannelCode, guide: Guide, *, again: str = "") -> OutboxRow | None:
    """One wish for each code; a guide without a WeCom account has a code for registering only.

    Returns the wish that stands, or None when there is none. A step.
    """
    must_be_in_action()
    if not guide.wecom_userid or code.config_id:
        return None
    shown = shown_id(code.public_id)
    return outbox.put(
        "contact_way",
        {
            "userid": guide.wecom_userid,
            "state": code.wecom_state,
            "remark": f"{guide.name} {code.get_scene_display()}"[:30],
        },
        once=f"contact_way:{shown}{again}",
        subject=f"channel_code:{shown}",
    )
