"""Finds the article a text asks for: words and pairs of characters, ranked by BM25.

Pure: articles come as plain entries, nothing is read from the database here.
"""

from __future__ import annotations

import logging
import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import bm25s
import rjieba

from bot.understanding.calibration import SHIPPED, Calibration
from bot.understanding.words import CONCEPTS, SHAPES, STOP, WEAK, generalised, plain

# The library lowers its own logger when it is imported.
logging.getLogger("bm25s").setLevel(logging.WARNING)

_LOOKED_AT: Final = 12
_FACT: Final = re.compile(r"\{([a-z_]+)\}")
_SIGN: Final = {word: f"#{name}" for name, words in CONCEPTS.items() for word in words.split()}
_PHRASES: Final = {word: sign for word, sign in _SIGN.items() if len(word) > 1}


@dataclass(frozen=True, slots=True)
class Entry:
    """An article as the matcher sees it."""

    key: str
    question: str
    phrasings: tuple[str, ...] = ()
    answer: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An article that may be meant, with the probability that it is."""

    key: str
    probability: float
    lead: float
    features: tuple[float, ...]
    # Equal for articles that tell the same: then the one is no rival of the other.
    tells: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """A text as the matcher sees it: what carries meaning, and its pairs of characters."""

    words: frozenset[str]
    pairs: frozenset[str]

    @property
    def tokens(self) -> list[str]:
        return [*sorted(self.words), *sorted(self.pairs)]


def _is_sign(token: str) -> bool:
    return not any(char.isalnum() for char in token)


@lru_cache(maxsize=4096)
def see(text: str) -> Seen:
    """Cut a text into words with their concepts, and pairs of neighbouring characters."""
    whole = generalised(plain(text))
    words = {word.strip() for word in rjieba.cut(whole)}
    strong, weak = _signs(words, whole)
    kept = {
        word
        for word in words
        if word not in _SIGN and word not in STOP and word != "〇" and not _is_sign(word)
    }
    return Seen(frozenset(kept | (strong or weak)), frozenset(_pairs(whole)))


def _signs(words: set[str], whole: str) -> tuple[set[str], set[str]]:
    """The concepts named, and those only a weak word names; a phrase the cutter splits counts."""
    named = {word for word in words if word in _SIGN} | {w for w in _PHRASES if w in whole}
    strong = {_SIGN[word] for word in named - WEAK}
    strong |= {f"#{name}" for name, shape in SHAPES if shape.search(whole)}
    return strong, {_SIGN[word] for word in named & WEAK}


def _pairs(text: str) -> Iterable[str]:
    kept = "".join(char for char in text if char.isalnum())
    return (kept[at : at + 2] for at in range(len(kept) - 1))


class Matcher:
    """An index over articles; build it once, ask it often."""

    def __init__(self, entries: Sequence[Entry], calibration: Calibration = SHIPPED) -> None:
        self.calibration = calibration
        self._answers = {entry.key: see(entry.answer).words for entry in entries}
        self._tells = {entry.key: _tells(entry.answer) for entry in entries}
        self._keys: list[str] = []
        self._docs: list[Seen] = []
        for entry in entries:
            for text in dict.fromkeys((entry.question, *entry.phrasings)):
                seen = see(text)
                if seen.words or seen.pairs:
                    self._keys.append(entry.key)
                    self._docs.append(seen)
        counts = Counter(token for doc in self._docs for token in doc.words | doc.pairs)
        total = len(self._docs)
        self._weight = {
            token: math.log(1 + (total - n + 0.5) / (n + 0.5)) for token, n in counts.items()
        }
        self._unseen = math.log(1 + (total + 0.5) / 0.5)
        self._index: bm25s.BM25 | None = None
        if self._docs:
            self._index = bm25s.BM25(k1=1.2, b=0.5)
            self._index.index([doc.tokens for doc in self._docs], show_progress=False)

    def candidates(self, text: str, limit: int = 3) -> list[Candidate]:
        """The likeliest articles, best first."""
        seen = see(text)
        if self._index is None or not (seen.words or seen.pairs):
            return []
        scores = self._index.get_scores(seen.tokens)
        best: dict[str, tuple[float, int]] = {}
        for at in scores.argsort()[::-1][:_LOOKED_AT]:
            score = float(scores[at])
            key = self._keys[at]
            closeness = self._closeness(seen, self._docs[at])
            if score > 0 and (key not in best or closeness > best[key][0]):
                best[key] = (closeness, int(at))
        ranked = sorted(best.items(), key=lambda item: (-item[1][0], item[0]))
        found = []
        for place, (key, (closeness, at)) in enumerate(ranked[:limit]):
            rival = ranked[1][1][0] if place == 0 and len(ranked) > 1 else ranked[0][1][0]
            lead = closeness - rival if place or len(ranked) > 1 else closeness
            features = self._features(seen, at, lead)
            found.append(
                Candidate(
                    key, self.calibration.probability(features), lead, features, self._tells[key]
                )
            )
        return found

    def _closeness(self, seen: Seen, doc: Seen) -> float:
        asked = self._coverage(seen.words, doc.words)
        known = self._coverage(doc.words, seen.words)
        return (
            0.4 * asked
            + 0.25 * known
            + 0.2 * _dice(seen.pairs, doc.pairs)
            + 0.15 * _signs_met(seen, doc)
        )

    def _features(self, seen: Seen, at: int, lead: float) -> tuple[float, ...]:
        doc = self._docs[at]
        signs = {word for word in seen.words if word.startswith("#")}
        asked = self._coverage(seen.words, doc.words)
        known = self._coverage(doc.words, seen.words)
        return (
            asked,
            known,
            asked * known,
            _dice(seen.pairs, doc.pairs),
            self._coverage(seen.words, doc.words | self._answers[self._keys[at]]),
            max(-0.5, min(0.5, lead)),
            min(1.0, len(seen.words & doc.words) / 3),
            min(1.0, sum(word not in self._weight for word in seen.words) / 3),
            float(bool(signs) and signs <= doc.words),
            _signs_met(seen, doc),
        )

    def _coverage(self, words: frozenset[str], by: frozenset[str]) -> float:
        """How much of the meaning of `words` stands in `by`; a word no article has weighs most."""
        total = sum(self._weight.get(word, self._unseen) for word in words)
        if total == 0:
            return 0.0
        return sum(self._weight.get(word, self._unseen) for word in words & by) / total


def _tells(answer: str) -> str:
    """What an answer comes down to: the facts it gives, or its words."""
    return " ".join(sorted(set(_FACT.findall(answer)) - {"store_name", "asked_day"})) or answer


def _signs_met(seen: Seen, doc: Seen) -> float:
    """The share of an article's concepts that the text names too."""
    known = {word for word in doc.words if word.startswith("#")}
    return len(known & seen.words) / len(known) if known else 0.0


def _dice(one: frozenset[str], other: frozenset[str]) -> float:
    if not one or not other:
        return 0.0
    return 2 * len(one & other) / (len(one) + len(other))
