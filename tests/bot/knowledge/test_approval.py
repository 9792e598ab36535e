"""Articles take effect by a second person's approval, and end."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import IntegrityError, transaction

from bot.knowledge.actions import approve_article, expire_articles, mute_article, write_article
from bot.knowledge.errors import SamePerson, UnknownFact
from bot.knowledge.models import Article, ArticleState
from tests.bot.builders import TESTER, a_colleague, an_article
from tests.cast import Cast


def test_nobody_approves_her_own_article(cast: Cast) -> None:
    article = write_article(question="几点关门？", answer="十点。", author=cast.hq, by=TESTER)
    with pytest.raises(SamePerson):
        approve_article(article.pk, approver=cast.hq, by=TESTER)
    assert list(Article.objects.speaking(date(2026, 11, 21))) == []
    assert approve_article(article.pk, approver=a_colleague(), by=TESTER)
    assert not approve_article(article.pk, approver=a_colleague(), by=TESTER)
    assert list(Article.objects.speaking(date(2026, 11, 21))) == [article]


def test_the_database_refuses_one_person_too(cast: Cast) -> None:
    article = write_article(question="几点关门？", answer="十点。", author=cast.hq, by=TESTER)
    with pytest.raises(IntegrityError), transaction.atomic():
        Article.objects.filter(pk=article.pk).update(
            state=ArticleState.APPROVED, approved_by=cast.hq
        )


def test_a_new_wording_waits_for_approval_and_the_same_one_changes_nothing(cast: Cast) -> None:
    article = an_article(cast, "几点关门？", "十点。")
    again = write_article(question="几点关门？", answer="十点。", author=cast.hq, by=TESTER)
    assert again.state == ArticleState.APPROVED
    changed = write_article(question="几点关门？", answer="九点。", author=cast.hq, by=TESTER)
    assert (changed.pk, changed.state, changed.approved_by) == (
        article.pk,
        ArticleState.DRAFT,
        None,
    )


def test_an_unknown_fact_is_refused(cast: Cast) -> None:
    with pytest.raises(UnknownFact):
        write_article(question="库存？", answer="{stock}", author=cast.hq, by=TESTER)


def test_muted_and_expired_articles_are_not_used(cast: Cast) -> None:
    muted = an_article(cast, "几点关门？", "十点。")
    an_article(cast, "有活动吗？", "满三百减五十。", expires_on=date(2026, 11, 20))
    assert mute_article(muted.pk, because="旧了", by=TESTER)
    assert not mute_article(muted.pk, because="旧了", by=TESTER)
    today = date(2026, 11, 21)
    assert list(Article.objects.speaking(today)) == []
    assert expire_articles(on=today, by=TESTER) == 1
    assert expire_articles(on=today, by=TESTER) == 0
