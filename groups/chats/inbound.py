"""Reactions to what WeCom and lower floors tell about groups: hints, upon which lists are read."""

from __future__ import annotations

from datetime import UTC, datetime

from django.utils import timezone

from groups.chats import actions, handover
from groups.chats.models import Group, GroupTransfer, GroupTransferState
from groups.chats.rules import WRONG_DOOR, list_may_lag
from kit.actions import scope_of
from kit.actor import Actor
from kit.events import DomainEvent, NotYet
from kit.fields import shown_id
from stores.org.inbound import look_at_account_again
from wecom.gateway import GroupUnknown, JoinWay, gateway_of

US = Actor.system("groups")
# WeCom made a code and would not show it: a limit or a bad minute, so in a while.
_PICTURE_SECONDS = 60


def group_changed(event: DomainEvent) -> None:
    """Read the group's list again and make ours equal to it.

    While WeCom still answers with the list from before the change, asks to be called again.
    """
    chat_id = str(event.payload["chat_id"])
    with scope_of(US):
        held = Group.objects.filter(chat_id=chat_id).values_list("member_version", flat=True)
        version = next(iter(held), "")
    asked_at = timezone.now()
    try:
        card = gateway_of().group(chat_id)
    except GroupUnknown:
        actions.close_group(chat_id, at=asked_at, by=US)
        return
    actions.take_over_list(card, asked_at=asked_at, by=US)
    told_at = event.payload.get("created_at") or event.at.timestamp()
    if list_may_lag(
        told_version=str(event.payload.get("cur_mem_ver") or ""),
        read_version=card.member_version,
        held_version=version,
        told_at=datetime.fromtimestamp(float(told_at), tz=UTC),
        now=asked_at,
    ):
        raise NotYet(2)


def group_found(event: DomainEvent) -> None:
    """Give a new group its code, so that the iPad can show it. A group that has one keeps it.

    A code whose picture WeCom did not show is not made again: the picture is asked for later.
    """
    chat_id = str(event.payload["chat_id"])
    with scope_of(US):
        group = Group.objects.active().filter(chat_id=chat_id, join_code_url="").first()
    if group is None:
        return
    if group.join_config_id:
        code_url = gateway_of().join_way(group.join_config_id).qr_code_url
        way = JoinWay(group.join_config_id, code_url)
    else:
        way = gateway_of().create_join_way([chat_id], shown_id(group.public_id))
    actions.keep_join_code(group.pk, config_id=way.config_id, code_url=way.qr_code_url, by=US)
    if not way.qr_code_url:
        raise NotYet(_PICTURE_SECONDS)


def contact_known(event: DomainEvent) -> None:
    """Somebody became a friend, or turned out to be a member: her stays in groups say so."""
    actions.know_contact(int(event.payload["contact"]), by=US)


def hand_over_begun(event: DomainEvent) -> None:
    """The guide's groups get other owners."""
    handover.plan_group_transfers(int(event.payload["handover"]), by=US)


def hand_over_stopped(event: DomainEvent) -> None:
    """Nothing more is asked of WeCom."""
    handover.stop_group_transfers(int(event.payload["handover"]), by=US)


def group_batch_answered(event: DomainEvent) -> None:
    """WeCom took a call and names the groups it refused."""
    answer = event.payload.get("answer") or {}
    once, refused = str(event.payload["once"]), answer.get("refused") or {}
    if not WRONG_DOOR.isdisjoint(refused.values()):
        with scope_of(US):
            asked = GroupTransfer.objects.filter(batch=once, state=GroupTransferState.ASKED)
            handover_id = asked.values_list("hand_over", flat=True).first()
        if handover_id is not None:
            look_at_account_again(handover_id)
    handover.note_group_answer(once, refused, by=US)


def group_batch_doubtful(event: DomainEvent) -> None:
    """Nobody knows whether WeCom took a call; the groups' lists do."""
    handover.look_for_group_batch(str(event.payload["once"]), by=US)


def group_batch_refused(event: DomainEvent) -> None:
    """WeCom refused a whole call, or it came too late."""
    handover.note_group_refusal(
        str(event.payload["once"]),
        error=str(event.payload.get("error") or "没有提交给企业微信"),
        code=event.payload.get("code"),
        by=US,
    )
