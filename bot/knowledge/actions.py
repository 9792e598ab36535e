"""Articles are written by one person and take effect by another's approval."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from django.utils import timezone

from bot.knowledge.errors import SamePerson, UnknownFact
from bot.knowledge.models import Article, ArticleState
from bot.knowledge.rules import unknown_placeholders
from kit.actions import action
from kit.actor import Actor
from kit.events import emit
from kit.fields import shown_id
from stores.org.models import Account


@action
def write_article(
    *,
    question: str,
    answer: str,
    phrasings: Sequence[str] = (),
    topic: str = "",
    is_private: bool = False,
    expires_on: date | None = None,
    author: Account | None,
    by: Actor,
) -> Article:
    """Write an article, or its next wording; it waits for approval and is not used meanwhile.

    The same wording again changes nothing, so an approved article stays approved.
    Raises UnknownFact for a name in braces that no fact fills.
    """
    unknown = unknown_placeholders(answer)
    if unknown:
        raise UnknownFact("、".join(unknown))
    wording = {
        "answer": answer.strip(),
        "phrasings": [text.strip() for text in phrasings if text.strip()],
        "topic": topic.strip(),
        "is_private": is_private,
        "expires_on": expires_on,
    }
    article = Article.objects.select_for_update().filter(question=question.strip()).first()
    if article is not None and all(getattr(article, k) == v for k, v in wording.items()):
        return article
    article = article or Article(question=question.strip())
    for name, value in wording.items():
        setattr(article, name, value)
    article.state = ArticleState.DRAFT
    article.written_by, article.approved_by, article.approved_at = author, None, None
    article.updated_at = timezone.now()
    article.save()
    emit("article_written", subject=_subject(article))
    return article


@action
def approve_article(article_id: int, *, approver: Account, by: Actor) -> bool:
    """Let the bot use an article; False when it is in use already.

    Raises SamePerson for the one who wrote it.
    """
    article = Article.objects.select_for_update().get(pk=article_id)
    if article.state == ArticleState.APPROVED:
        return False
    if article.written_by_id == approver.pk:
        raise SamePerson
    article.state = ArticleState.APPROVED
    article.approved_by, article.approved_at = approver, timezone.now()
    article.muted_because = ""
    article.updated_at = timezone.now()
    article.save(
        update_fields=["state", "approved_by", "approved_at", "muted_because", "updated_at"]
    )
    emit("article_approved", subject=_subject(article))
    return True


@action
def mute_article(article_id: int, *, because: str, by: Actor) -> bool:
    """Stop the bot from using an article; False when it was not in use."""
    changed = Article.objects.filter(pk=article_id, state=ArticleState.APPROVED).update(
        state=ArticleState.MUTED, muted_because=because[:120], updated_at=timezone.now()
    )
    if changed:
        emit("article_muted", subject=_subject(Article.objects.get(pk=article_id)), because=because)
    return bool(changed)


@action
def expire_articles(*, on: date, by: Actor) -> int:
    """Mark those whose last day has passed; how many."""
    return Article.objects.filter(state=ArticleState.APPROVED, expires_on__lt=on).update(
        state=ArticleState.EXPIRED, updated_at=timezone.now()
    )


def _subject(article: Article) -> str:
    return f"article:{shown_id(article.public_id)}"
