"""Steps with which what was heard becomes a draft, or settles one."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet
from django.utils import timezone

from bot.knowledge.facts import Filled
from bot.knowledge.models import Article
from bot.replies.models import Draft, DraftState, SentThrough
from bot.replies.rules import WAITS, Likeness, likeness
from bot.understanding.models import HeardMessage
from bot.understanding.steps import heard_of
from groups.chats.models import Group
from kit.actions import must_be_in_action
from kit.events import emit
from kit.fields import shown_id
from kit.live import announce
from members.identity.models import Member
from stores.ledger.models import TouchKind
from stores.ledger.steps import record_touch

LEADS_OUT = "这个问题和您个人有关，为了保护您的信息，我私聊您说，好吗？"


def write_draft(
    *, heard: HeardMessage, group: Group, article: Article, filled: Filled, leads_out: bool
) -> Draft:
    """An answer that waits for the group's owner; her screens are told. A step."""
    must_be_in_action()
    now = timezone.now()
    draft = Draft.objects.create(
        heard=heard,
        group=group,
        guide=group.owner,
        store=group.store,
        article=article,
        text=LEADS_OUT if leads_out else filled.text,
        facts=[] if leads_out else [fact.as_row() for fact in filled.facts],
        leads_out=leads_out,
        made_at=now,
        expires_at=now + WAITS,
    )
    _tell(draft)
    return draft


def settle_by_words(*, group: Group, text: str, at: datetime) -> list[Draft]:
    """What a guide said in the group: the waiting drafts it was made from are sent. A step.

    Several with the same words were asked by several people and are answered at once; of those
    that only resemble it the likest counts. Words unlike any draft settle none, and one marked
    sent in the side bar stays as it is.
    """
    must_be_in_action()
    waiting = list(_waiting_in(group).filter(made_at__gte=at - WAITS))
    same = [draft for draft in waiting if likeness(draft.text, text) == Likeness.AS_IS]
    alike = [draft for draft in waiting if likeness(draft.text, text) == Likeness.EDITED]
    for draft in same or alike[:1]:
        settle(draft, text=text, at=at, through=SentThrough.HEARD)
    return same or alike[:1]


def settle_same(draft: Draft, *, text: str, at: datetime) -> None:
    """The same words wait for others in the group: they have been said now. A step."""
    must_be_in_action()
    for other in _waiting_in(draft.group).filter(text=draft.text).exclude(pk=draft.pk):
        settle(other, text=text, at=at, through=SentThrough(draft.sent_through))


def _waiting_in(group: Group) -> QuerySet[Draft]:
    return (
        Draft.objects.select_for_update(of=("self",))
        .select_related("heard__contact", "guide")
        .filter(group=group, state=DraftState.WAITING)
        .order_by("-made_at")
    )


def settle(draft: Draft, *, text: str, at: datetime, through: SentThrough) -> None:
    """The locked, waiting draft was sent with these words: state, touch, news. A step."""
    must_be_in_action()
    alike = likeness(draft.text, text)
    draft.state, draft.sent_at, draft.sent_through = DraftState.SENT, at, through
    draft.edited_text = None if alike == Likeness.AS_IS else text
    draft.save(update_fields=["state", "sent_at", "sent_through", "edited_text"])
    shown = shown_id(draft.public_id)
    contact = draft.heard.contact if draft.heard is not None else None
    record_touch(
        TouchKind.DRAFT_SENT,
        once=f"draft:{shown}",
        at=at,
        member_no=contact.member_id if contact is not None else None,
        guide_no=draft.guide_id,
        store_no=draft.store_id,
        source=shown,
    )
    emit("draft_sent", subject=f"draft:{shown}", once=f"draft_sent:{shown}", likeness=str(alike))
    _tell(draft)


def _tell(draft: Draft) -> None:
    announce(
        f"guide.{shown_id(draft.guide.public_id)}", kind="draft", subject=shown_id(draft.public_id)
    )


def forget_member(member: Member, at: datetime) -> None:
    """Answers to her questions lose their words; that they were given stays. A step."""
    must_be_in_action()
    Draft.objects.filter(heard__in=heard_of(member)).update(
        text="（已删除）", facts={}, edited_text=None
    )
