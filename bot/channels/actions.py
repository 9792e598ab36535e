"""A page of heard messages is handled and its cursor moved, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from django.utils import timezone

from bot.channels.channel import Incoming
from bot.channels.hearing import Ears, hear
from bot.channels.incoming import archived_as_incoming, kf_as_incoming, private_words
from bot.channels.models import ChannelCursor, KfAccount
from bot.escalations.steps import note_private_words, open_escalation
from bot.understanding.index import current_index
from bot.understanding.models import KEPT_DAYS, Decided, HeardMessage
from bot.understanding.rules import Reason
from kit.actions import action
from kit.actor import Actor
from kit.fields import read_id
from stores.ledger.models import TouchKind
from stores.ledger.steps import record_touch
from stores.org.models import Guide, Store
from wecom.gateway import ArchivedMessage, KfMessage

ARCHIVE = "archive"


@action
def hear_archive(page: Sequence[ArchivedMessage], *, after: int, by: Actor) -> int:
    """Handle archived messages that begin right after `after`; how many were new.

    What was handled before is passed over. A page that leaves a gap (somebody else's, out of
    order) is refused as a whole: nothing between is lost, it is asked for again.
    """
    cursor = _locked(ARCHIVE)
    position = int(cursor.position or 0)
    if after > position:
        return 0
    fresh = sorted((m for m in page if m.seq > position), key=lambda m: m.seq)
    heard = _hear_all(archived_as_incoming(fresh))
    for guide, customer, at in private_words(fresh):
        note_private_words(guide, customer=customer, at=at)
    if fresh:
        _move(cursor, str(fresh[-1].seq))
    return heard


@action
def hear_kf(
    page: Sequence[KfMessage],
    *,
    open_kfid: str,
    after: str,
    next_cursor: str,
    served: Mapping[str, bool],
    by: Actor,
) -> int:
    """Handle a page of customer service and move its cursor, an empty page's too; how many new.

    `served` says whom a colleague is talking with. Messages heard before are passed over; when
    somebody else moved the cursor meanwhile, it stays where it is.
    """
    cursor = _locked(kf_channel(open_kfid))
    heard = _hear_all(kf_as_incoming(page, served))
    if cursor.position == after and next_cursor:
        _move(cursor, next_cursor)
    return heard


@action
def open_kf_account(open_kfid: str, *, name: str, guide: Guide, by: Actor) -> KfAccount:
    """Let the bot hear a customer service account for a guide's store; the guide helps out.

    The same account again takes the new name and guide.
    """
    account, _ = KfAccount.objects.update_or_create(
        open_kfid=open_kfid, defaults={"name": name, "store": guide.store, "guide": guide}
    )
    return account


@action
def rename_kf_account(open_kfid: str, *, name: str, by: Actor) -> bool:
    """Take over the name that an account has at WeCom; False when it has it, or none was given."""
    others = KfAccount.objects.filter(open_kfid=open_kfid).exclude(name=name[:60])
    return bool(name) and bool(others.update(name=name[:60]))


@action
def hand_over_unsent(heard_public_id: str, *, by: Actor) -> bool:
    """WeCom did not take the bot's answer: a guide is asked. False when one was asked already."""
    heard = _heard(heard_public_id)
    if heard is None or heard.guide is None or heard.store is None:
        return False
    if heard.decision == Decided.ESCALATE:
        return False
    heard.decision, heard.reason = Decided.ESCALATE, str(Reason.UNSENT)
    heard.save(update_fields=["decision", "reason"])
    open_escalation(
        heard=heard,
        guide=heard.guide,
        store=heard.store,
        reason=str(Reason.UNSENT),
        minutes=10,
        reference=heard.article,
        at=timezone.now(),
    )
    return True


@action
def note_answered(heard_public_id: str, *, at: datetime, by: Actor) -> bool:
    """The bot's answer reached her: a touch, once. False when it was noted, or nobody is known."""
    heard = _heard(heard_public_id)
    if heard is None:
        return False
    return record_touch(
        TouchKind.BOT_ANSWER,
        once=f"bot:{heard_public_id}",
        at=at,
        member_no=heard.contact.member_id if heard.contact is not None else None,
        guide_no=heard.guide_id,
        store_no=heard.store_id,
        source=heard_public_id,
    )


@action
def forget_heard(*, at: datetime, by: Actor) -> int:
    """What was heard longer than thirty days ago is deleted; how many rows."""
    return HeardMessage.objects.filter(heard_at__lt=at - timedelta(days=KEPT_DAYS)).delete()[0]


def kf_channel(open_kfid: str) -> str:
    """The name of an account's cursor."""
    return f"kf:{open_kfid}"


def _hear_all(incoming: Sequence[Incoming]) -> int:
    known = set(
        HeardMessage.objects.filter(msgid__in=[one.msgid for one in incoming]).values_list(
            "msgid", flat=True
        )
    )
    fresh = {one.msgid: one for one in incoming if one.msgid not in known}
    if not fresh:
        return 0
    now = timezone.now()
    ears = Ears(
        index=current_index(timezone.localdate(now)),
        stores=tuple(Store.objects.filter(closed_on=None)),
        now=now,
    )
    for one in fresh.values():
        hear(one, ears)
    return len(fresh)


def _locked(channel: str) -> ChannelCursor:
    ChannelCursor.objects.bulk_create([ChannelCursor(channel=channel)], ignore_conflicts=True)
    return ChannelCursor.objects.select_for_update().get(channel=channel)


def _move(cursor: ChannelCursor, position: str) -> None:
    cursor.position = position
    cursor.save(update_fields=["position", "updated_at"])


def _heard(shown: str) -> HeardMessage | None:
    return (
        HeardMessage.objects.select_related("contact", "guide", "store", "article")
        .filter(public_id=read_id(shown))
        .first()
    )
