"""Drafts: sent, changed, left, expired; what guides do measures the articles."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from bot.knowledge.models import Article, ArticleState
from bot.replies.actions import (
    dismiss_draft,
    expire_drafts,
    mark_sent,
    mute_if_weak,
    note_copied,
    take_back_dismissal,
)
from bot.replies.errors import NotWaiting
from bot.replies.models import Draft, DraftState, SentThrough
from bot.replies.queries import score_of
from bot.replies.rules import Likeness, Score, likeness
from kit.events import DomainEvent
from stores.ledger.models import Touch
from stores.org.access import actor_of_guide
from tests.bot.builders import STRANGER, TESTER, a_group, say, the_knowledge
from tests.cast import Cast


@pytest.mark.parametrize(
    ("said", "alike"),
    [
        ("国贸店今天营业时间 10:00–22:00。", Likeness.AS_IS),
        ("国贸店今天营业时间10:00-22:00", Likeness.AS_IS),
        ("亲，国贸店今天营业时间 10:00–22:00 哦", Likeness.EDITED),
        ("好的，马上给您看看", Likeness.OTHER),
        ("", Likeness.OTHER),
    ],
)
def test_how_what_was_said_compares_with_what_was_written(said: str, alike: Likeness) -> None:
    assert likeness("国贸店今天营业时间 10:00–22:00。", said) == alike


def test_one_tap_sends_it_once(cast: Cast) -> None:
    draft = _draft(cast)
    assert mark_sent(draft.pk, text=draft.text, by=TESTER)
    assert not mark_sent(draft.pk, text="something else", by=TESTER)
    # The archive hears the same words a moment later.
    say(draft.text, group=draft.group, sender="linxiao")
    draft.refresh_from_db()
    assert (draft.state, draft.sent_through, draft.edited_text) == (
        DraftState.SENT,
        SentThrough.SIDEBAR,
        None,
    )
    assert Touch.objects.count() == 1
    event = DomainEvent.objects.get(kind="draft_sent")
    assert event.payload == {"likeness": "as_is"}


def test_one_tap_answers_all_who_asked_the_same(cast: Cast) -> None:
    draft = _draft(cast)
    say("今天几点关门呀？", group=draft.group, sender=STRANGER)
    assert mark_sent(draft.pk, text=draft.text, by=actor_of_guide(cast.lin))
    assert not Draft.objects.filter(state=DraftState.WAITING).exists()


def test_a_dismissed_one_is_not_sent_and_can_be_taken_back(cast: Cast) -> None:
    draft = _draft(cast)
    assert dismiss_draft(draft.pk, by=TESTER)
    assert not dismiss_draft(draft.pk, by=TESTER)
    with pytest.raises(NotWaiting):
        mark_sent(draft.pk, text="", by=TESTER)
    assert take_back_dismissal(draft.pk, by=TESTER)
    assert not take_back_dismissal(draft.pk, by=TESTER)
    mark_sent(draft.pk, text="", by=TESTER)
    with pytest.raises(NotWaiting):
        dismiss_draft(draft.pk, by=TESTER)


def test_after_two_hours_it_waits_no_longer(cast: Cast) -> None:
    draft = _draft(cast)
    now = timezone.now()
    assert expire_drafts(at=now, by=TESTER) == 0
    assert expire_drafts(at=now + timedelta(hours=3), by=TESTER) == 1
    assert not Draft.objects.waiting(now).exists()
    # Copied long ago and pasted late: it was sent all the same.
    assert mark_sent(draft.pk, text=draft.text, by=TESTER)


def test_copying_is_noted(cast: Cast) -> None:
    draft = _draft(cast)
    note_copied(draft.pk, by=TESTER)
    draft.refresh_from_db()
    assert draft.copied_at is not None
    assert draft.state == DraftState.WAITING


def test_taps_and_corrections_become_precision(cast: Cast) -> None:
    articles = the_knowledge(cast)
    group = a_group(cast.lin)
    ends = [
        ("", "sent"),
        ("改过了，可以停在商场地下停车场", "sent"),
        ("", "dismissed"),
        ("", "waits"),
    ]
    for text, end in ends:
        say("停车怎么收费？", group=group)
        draft = Draft.objects.latest("pk")
        if end == "sent":
            mark_sent(draft.pk, text=text, by=TESTER)
        elif end == "dismissed":
            dismiss_draft(draft.pk, by=TESTER)
    score = score_of(articles["parking"].pk, at=timezone.now())
    assert score == Score(as_is=1, edited=1, dismissed=1)
    assert score.precision == 0.5


@pytest.mark.parametrize(
    ("score", "is_weak"),
    [
        (Score(20, 0, 0), False),
        (Score(16, 2, 2), True),
        (Score(18, 2, 0), False),
        (Score(0, 0, 19), False),
        (Score(0, 0, 0), False),
    ],
)
def test_an_article_is_weak_when_enough_guides_left_it(score: Score, is_weak: bool) -> None:
    assert score.is_weak == is_weak


def test_a_weak_article_mutes_itself(cast: Cast) -> None:
    article = the_knowledge(cast)["parking"]
    group = a_group(cast.lin)
    for _ in range(20):
        say("停车怎么收费？", group=group)
        dismiss_draft(Draft.objects.latest("pk").pk, by=TESTER)
    assert mute_if_weak(article.pk, at=timezone.now(), by=TESTER)
    assert not mute_if_weak(article.pk, at=timezone.now(), by=TESTER)
    assert Article.objects.get(pk=article.pk).state == ArticleState.MUTED
    # From now on the question is handed over instead.
    before = Draft.objects.count()
    say("停车怎么收费？", group=group)
    assert Draft.objects.count() == before


def _draft(cast: Cast) -> Draft:
    the_knowledge(cast)
    say("请问今天营业到几点？", group=a_group(cast.lin))
    return Draft.objects.select_related("group").get()
