"""The matcher over the articles in use, one per process, made anew when they change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from threading import Lock

from bot.knowledge.models import Article
from bot.knowledge.queries import speaking_articles, wording_of_knowledge
from bot.understanding.matcher import Entry, Matcher


@dataclass(frozen=True)
class Index:
    """A matcher and the articles behind its keys."""

    wording: str
    matcher: Matcher
    articles: dict[str, Article]
    private: frozenset[str]


_lock = Lock()
_held: Index | None = None


def current_index(on: date) -> Index:
    """The index of a day's articles; one query when nothing changed."""
    global _held
    wording = wording_of_knowledge(on)
    held = _held
    if held is not None and held.wording == wording:
        return held
    with _lock:
        articles = {str(article.pk): article for article in speaking_articles(on)}
        _held = Index(
            wording=wording,
            matcher=Matcher([entry_of(key, article) for key, article in articles.items()]),
            articles=articles,
            private=frozenset(key for key, article in articles.items() if article.is_private),
        )
        return _held


def entry_of(key: str, article: Article) -> Entry:
    """An article as the matcher wants it."""
    return Entry(
        key=key,
        question=article.question,
        phrasings=tuple(str(text) for text in article.phrasings),
        answer=article.answer,
    )
