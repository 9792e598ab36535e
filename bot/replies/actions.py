"""What a guide does with a draft: copies it, sends it, leaves it."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

from bot.knowledge.models import Article, ArticleState
from bot.replies.errors import NotWaiting
from bot.replies.models import Draft, DraftState, SentThrough
from bot.replies.queries import score_of
from bot.replies.steps import settle, settle_same
from kit.actions import action
from kit.actor import Actor
from kit.events import emit
from kit.fields import shown_id


@action
def note_copied(draft_id: int, *, by: Actor) -> None:
    """She took the text along to paste it in WeCom. Whether she sent it, the archive will tell."""
    Draft.objects.filter(pk=draft_id, state=DraftState.WAITING).update(copied_at=timezone.now())


@action
def mark_sent(draft_id: int, *, text: str, by: Actor) -> bool:
    """She sent it from the side bar with these words; False when that was known already.

    Raises NotWaiting for one that was dismissed. One that expired meanwhile was sent all the same.
    """
    draft = _locked(draft_id)
    if draft.state == DraftState.SENT:
        return False
    if draft.state == DraftState.DISMISSED:
        raise NotWaiting
    said, now = text or draft.text, timezone.now()
    settle(draft, text=said, at=now, through=SentThrough.SIDEBAR)
    settle_same(draft, text=said, at=now)
    return True


@action
def dismiss_draft(draft_id: int, *, by: Actor) -> bool:
    """She does not want it: counted against the article. False when it was dismissed already.

    Raises NotWaiting for one that was sent. An article that guides often leave mutes itself.
    """
    draft = _locked(draft_id)
    if draft.state == DraftState.SENT:
        raise NotWaiting
    if draft.state == DraftState.DISMISSED:
        return False
    draft.state, draft.dismissed_at = DraftState.DISMISSED, timezone.now()
    draft.save(update_fields=["state", "dismissed_at"])
    emit("draft_dismissed", subject=f"draft:{shown_id(draft.public_id)}", article=draft.article_id)
    return True


@action
def take_back_dismissal(draft_id: int, *, by: Actor) -> bool:
    """It waits again, as long as it is fresh; False when there is nothing to take back."""
    return bool(
        Draft.objects.filter(
            pk=draft_id, state=DraftState.DISMISSED, expires_at__gt=timezone.now()
        ).update(state=DraftState.WAITING, dismissed_at=None)
    )


@action
def expire_drafts(*, at: datetime, by: Actor) -> int:
    """Those that nobody sent in time wait no longer; how many. They count for nobody."""
    return Draft.objects.filter(state=DraftState.WAITING, expires_at__lte=at).update(
        state=DraftState.EXPIRED
    )


@action
def mute_if_weak(article_id: int, *, at: datetime, by: Actor) -> bool:
    """An article whose drafts guides too often changed or left is not used any more."""
    score = score_of(article_id, at=at)
    if not score.is_weak:
        return False
    precision = round(100 * (score.precision or 0))
    changed = Article.objects.filter(pk=article_id, state=ArticleState.APPROVED).update(
        state=ArticleState.MUTED,
        muted_because=f"近 30 天 {score.judged} 条里只有 {precision}% 被采用",
        updated_at=timezone.now(),
    )
    if changed:
        emit("article_muted", subject=f"article:{article_id}", precision=precision)
    return bool(changed)


def _locked(draft_id: int) -> Draft:
    return (
        Draft.objects.select_for_update(of=("self",))
        .select_related("heard__contact", "guide", "group")
        .get(pk=draft_id)
    )


@action
def expire_drafts_of(guide_id: int, *, by: Actor) -> int:
    """Nobody sends what was written for a guide who left; how many drafts."""
    return Draft.objects.filter(guide=guide_id, state=DraftState.WAITING).update(
        state=DraftState.EXPIRED
    )
