"""Reactions of the lowest room: somebody left, moved, or is gone from WeCom; it was decided."""

from __future__ import annotations

from kit.actions import scope_of
from kit.actor import Actor
from kit.events import DomainEvent, NotYet
from stores.org.actions import take_new_userid
from stores.org.handing_over import begin_hand_over, note_account, propose_hand_over
from stores.org.models import Guide, HandOver, HandOverReason
from wecom.gateway import WecomError, gateway_of

US = Actor.system("hand-overs")
# WeCom knows no such account (any more).
_NOBODY = {40003, 60111}
# A move is put off until the one before it was carried out, or was put away.
_ANOTHER_MOVE_SECONDS = 600


def propose_for_leaver(event: DomainEvent) -> None:
    """She left: somebody is asked who looks after her customers."""
    propose_hand_over(int(event.payload["guide_no"]), reason=HandOverReason.LEFT, by=US)


def propose_for_mover(event: DomainEvent) -> None:
    """She works in another store now: the old one's manager is asked.

    While the hand-over of a move before this one is open, asks to be called again: one person's
    customers pass on by one decision at a time.
    """
    store = int(event.payload["from_store"])
    standing = propose_hand_over(
        int(event.payload["guide_no"]), reason=HandOverReason.MOVED, store_id=store, by=US
    )
    if standing.store_id != store and standing.reason == HandOverReason.MOVED:
        raise NotYet(_ANOTHER_MOVE_SECONDS)


def propose_for_gone(event: DomainEvent) -> None:
    """WeCom's list of people has her no more; a person says whether she left."""
    with scope_of(US):
        guide = Guide.objects.filter(wecom_userid=str(event.payload["userid"]).lower()).first()
        was_asked = (
            guide is not None
            and guide.left_on is not None
            and HandOver.objects.filter(
                guide=guide, reason=HandOverReason.LEFT, proposed_at__date__gte=guide.left_on
            ).exists()
        )
    # Her account is usually closed some days after she left: that was asked and answered.
    if guide is not None and not was_asked:
        propose_hand_over(guide.pk, reason=HandOverReason.LEFT, by=US)


def follow_new_userid(event: DomainEvent) -> None:
    """WeCom calls her by another id: her callbacks and tasks name that one from now on."""
    said = event.payload
    take_new_userid(str(said["userid"]), str(said["new_userid"]), by=US)


def propose_for_who_left_meanwhile(event: DomainEvent) -> None:
    """She left while a move of hers was under way: whoever went along with her has nobody now."""
    with scope_of(US):
        handover = HandOver.objects.select_related("guide").get(pk=event.payload["handover"])
    if handover.reason == HandOverReason.MOVED and handover.guide.left_on is not None:
        propose_hand_over(handover.guide_id, reason=HandOverReason.LEFT, by=US)


def begin_decided(event: DomainEvent) -> None:
    """Learn by which of WeCom's doors her customers pass on, and let the floors above begin."""
    with scope_of(US):
        handover = HandOver.objects.select_related("guide").get(pk=event.payload["handover"])
    begin_hand_over(handover.pk, has_resigned=_has_resigned(handover), by=US)


def look_at_account_again(handover_id: int) -> None:
    """WeCom refused for the wrong door: her account was closed, or opened, since it began.

    Whoever is asked for from now on goes by the right one.
    """
    with scope_of(US):
        handover = HandOver.objects.select_related("guide").get(pk=handover_id)
    note_account(handover.pk, has_resigned=_has_resigned(handover), by=US)


def _has_resigned(handover: HandOver) -> bool:
    if handover.is_leave or not handover.guide.wecom_userid:
        return False
    try:
        return gateway_of().staff(handover.guide.wecom_userid).state == "left"
    except WecomError as error:
        if error.code not in _NOBODY:
            raise
        return True
