"""Steps with which what was heard becomes a draft, or settles one."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

from bot.knowledge.facts import Filled
from bot.knowledge.models import Article
from bot.replies.models import Draft, DraftState, SentThrough
from bot.replies.rules import WAITS, Likeness, likeness
from bot.understanding.models import HeardMessage
from groups.chats.models import Group
from kit.actions import must_be_in_action
from kit.events import emit
from kit.fields import shown_id
from kit.live import announce
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


def settle_by_words(*, group: Group, text: str, at: datetime) -> Draft | None:
    """What a guide said in the group: the waiting draft it was made from is sent. A step.

    The likest draft counts; words unlike any draft settle none. A draft marked sent in the side
    bar stays as it is.
    """
    must_be_in_action()
    best: tuple[Likeness, Draft] | None = None
    for draft in (
        Draft.objects.select_for_update(of=("self",))
        .select_related("heard__contact", "guide")
        .filter(group=group, state=DraftState.WAITING, made_at__gte=at - WAITS)
    ):
        alike = likeness(draft.text, text)
        if alike != Likeness.OTHER and (best is None or alike == Likeness.AS_IS):
            best = (alike, draft)
    if best is None:
        return None
    settle(best[1], text=text, at=at, through=SentThrough.HEARD)
    return best[1]


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
