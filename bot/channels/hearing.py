"""A heard message becomes a row and what follows from it: answer, draft, escalation, silence."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.channels.channel import Incoming
from bot.escalations.steps import note_words_in_group, open_escalation
from bot.knowledge.errors import StaleFact
from bot.knowledge.facts import Filled, fill
from bot.knowledge.models import Article
from bot.replies.steps import settle_by_words, write_draft
from bot.understanding.index import Index
from bot.understanding.models import Decided, HeardMessage
from bot.understanding.rules import (
    Answer,
    Decision,
    Draft,
    Escalate,
    Reason,
    Said,
    Silence,
    decide,
)
from kit.actions import must_be_in_action
from kit.fields import shown_id
from stores.org.models import Store
from wecom.outbox.steps import put


@dataclass(frozen=True, slots=True)
class Ears:
    """What every message of a page needs: the articles, the shops by name, the time."""

    index: Index
    stores: tuple[Store, ...]
    now: datetime


@dataclass(frozen=True, slots=True)
class Understood:
    """The decision, with the answer's facts in place when there is one."""

    decision: Decision
    filled: Filled | None = None


def hear(incoming: Incoming, ears: Ears) -> HeardMessage:
    """Keep one new message and do what follows from it. A step."""
    must_be_in_action()
    understood = _understand(incoming, ears)
    heard = _keep(incoming, understood.decision, ears)
    if incoming.is_staff:
        _follow_staff(incoming)
    else:
        _follow(heard, incoming, understood, ears)
    return heard


def _understand(incoming: Incoming, ears: Ears) -> Understood:
    if not incoming.is_staff and (incoming.guide is None or incoming.store is None):
        # A group that is not ours yet, or an account nobody was named for.
        return Understood(Silence(Reason.NO_PLACE))
    candidates = [] if incoming.is_staff else ears.index.matcher.candidates(incoming.text)
    decision = decide(
        Said(
            incoming.text,
            is_staff=incoming.is_staff,
            is_text=incoming.is_text,
            minutes_ago=(ears.now - incoming.said_at).total_seconds() / 60,
        ),
        candidates,
        incoming.place,
        private=ears.index.private,
    )
    if not isinstance(decision, Answer | Draft):
        return Understood(decision)
    article = ears.index.articles[decision.article]
    try:
        filled = fill(
            article.answer,
            store=_store_meant(incoming, ears),
            question=incoming.text,
            at=incoming.said_at,
        )
    except StaleFact:
        return Understood(
            Escalate(Reason.STALE, reference=decision.article, probability=decision.probability)
        )
    return Understood(decision, filled)


def _store_meant(incoming: Incoming, ears: Ears) -> Store | None:
    """The shop she names, else the one she talks to."""
    named = [
        store
        for store in ears.stores
        if store.name in incoming.text
        or (len(store.name) > 2 and store.name.removesuffix("店") in incoming.text)
    ]
    return max(named, key=lambda store: len(store.name), default=incoming.store)


def _keep(incoming: Incoming, decision: Decision, ears: Ears) -> HeardMessage:
    key = _article_of(decision)
    withheld = incoming.is_withheld and bool(incoming.text)
    return HeardMessage.objects.create(
        heard_on=incoming.heard_on,
        msgid=incoming.msgid,
        group=incoming.group,
        contact=incoming.contact,
        open_kfid=incoming.open_kfid,
        sender=incoming.sender,
        is_staff=incoming.is_staff,
        store=incoming.store,
        guide=incoming.guide,
        text=None if withheld or not incoming.text else incoming.text,
        is_text_withheld=withheld,
        decision=_word_of(decision),
        reason="" if isinstance(decision, Answer | Draft) else str(decision.reason),
        article=ears.index.articles.get(key),
        probability=None if isinstance(decision, Silence) else decision.probability,
        said_at=incoming.said_at,
        heard_at=ears.now,
    )


def _follow_staff(incoming: Incoming) -> None:
    """A colleague spoke: a draft may have been sent, a question taken up."""
    if incoming.group is None or incoming.guide is None or not incoming.text:
        return
    settle_by_words(group=incoming.group, text=incoming.text, at=incoming.said_at)
    note_words_in_group(
        incoming.guide, group=incoming.group, text=incoming.text, at=incoming.said_at
    )


def _follow(heard: HeardMessage, incoming: Incoming, understood: Understood, ears: Ears) -> None:
    decision, filled = understood.decision, understood.filled
    if isinstance(decision, Escalate) and incoming.guide and incoming.store:
        open_escalation(
            heard=heard,
            guide=incoming.guide,
            store=incoming.store,
            reason=str(decision.reason),
            minutes=decision.minutes,
            reference=_article(decision.reference, ears),
            at=ears.now,
        )
    elif isinstance(decision, Draft) and filled is not None and incoming.group is not None:
        write_draft(
            heard=heard,
            group=incoming.group,
            article=ears.index.articles[decision.article],
            filled=filled,
            leads_out=decision.leads_out,
        )
    elif isinstance(decision, Answer) and filled is not None:
        put(
            "kf_message",
            {
                "open_kfid": incoming.open_kfid,
                "external_userid": incoming.sender,
                "text": filled.text,
            },
            once=f"kf:{incoming.msgid}",
            subject=f"heard:{shown_id(heard.public_id)}",
            app=KF_APP,
            priority=2,
        )


def _article_of(decision: Decision) -> str:
    if isinstance(decision, Answer | Draft):
        return decision.article
    return decision.reference if isinstance(decision, Escalate) else ""


def _article(key: str, ears: Ears) -> Article | None:
    return ears.index.articles.get(key)


def _word_of(decision: Decision) -> Decided:
    return {
        Answer: Decided.ANSWER,
        Draft: Decided.DRAFT,
        Escalate: Decided.ESCALATE,
        Silence: Decided.SILENCE,
    }[type(decision)]


# The application that is listed for customer service and the archive.
KF_APP = "service"
