"""How good the bot is on labelled questions: precision, coverage, calibration, latency. Pure."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.understanding.calibration import (
    THRESHOLD,
    Calibration,
    calibration_error,
    fit,
    threshold_for,
)
from bot.understanding.matcher import Candidate, Entry, Matcher
from bot.understanding.rules import Answer, Decision, Draft, Place, Said, decide

GROUP = Place(may_answer=False, is_group=True)
ONE_TO_ONE = Place(may_answer=True, is_group=False)


@dataclass(frozen=True, slots=True)
class Question:
    """A text with the article that should answer it, or none."""

    text: str
    answer_id: str | None
    kind: str = ""


def read_questions(lines: Iterable[str]) -> list[Question]:
    """JSON lines `{"text", "answer_id", "kind"?}`. Raises ValueError naming the bad line."""
    found = []
    for number, row in _rows(lines):
        if not isinstance(row.get("text"), str):
            raise ValueError(f"line {number}: text is missing")
        answer = row.get("answer_id")
        found.append(
            Question(
                row["text"], None if answer in (None, "") else str(answer), row.get("kind", "")
            )
        )
    return found


def read_articles(lines: Iterable[str]) -> list[Entry]:
    """JSON lines `{"id", "question", "answer", "phrasings"?}`. ValueError names a bad line."""
    found = []
    for number, row in _rows(lines):
        if "id" not in row or not isinstance(row.get("question"), str):
            raise ValueError(f"line {number}: id or question is missing")
        found.append(
            Entry(
                key=str(row["id"]),
                question=row["question"],
                phrasings=tuple(row.get("phrasings") or ()),
                answer=str(row.get("answer") or ""),
            )
        )
    return found


@dataclass
class _Tally:
    """What came of the questions so far."""

    right: int = 0
    answered: int = 0
    judged: list[tuple[float, bool]] = field(default_factory=list)
    ends: Counter[str] = field(default_factory=Counter)
    milliseconds: list[float] = field(default_factory=list)
    wrong: list[dict[str, Any]] = field(default_factory=list)

    def add(self, question: Question, decision: Decision) -> None:
        given = _answer_of(decision)
        self.ends[_end_of(decision)] += 1
        if given is None:
            return
        self.answered += 1
        if given == question.answer_id:
            self.right += 1
        else:
            self.wrong.append(
                {"text": question.text, "given": given, "expected": question.answer_id}
            )


def evaluate(
    questions: Sequence[Question],
    entries: Sequence[Entry],
    *,
    place: Place = GROUP,
    threshold: float = THRESHOLD,
    calibration: Calibration | None = None,
) -> dict[str, Any]:
    """Every question through the whole decision, and what came of it."""
    matcher = Matcher(entries, calibration) if calibration else Matcher(entries)
    tally = _Tally()
    for question in questions:
        begun = time.perf_counter()
        candidates = matcher.candidates(question.text)
        decision = decide(Said(question.text), candidates, place, threshold=threshold)
        tally.milliseconds.append((time.perf_counter() - begun) * 1000)
        tally.add(question, decision)
        if _is_open(question.text, candidates, place):
            is_right = candidates[0].key == question.answer_id
            tally.judged.append((candidates[0].probability, is_right))
    return _report(questions, tally, threshold)


def _report(questions: Sequence[Question], tally: _Tally, threshold: float) -> dict[str, Any]:
    answerable = sum(question.answer_id is not None for question in questions)
    squares = sum((probability - hit) ** 2 for probability, hit in tally.judged)
    return {
        "questions": len(questions),
        "answerable": answerable,
        "answered": tally.answered,
        "precision": _share(tally.right, tally.answered),
        "coverage": _share(tally.right, answerable),
        "answered_share": _share(tally.answered, len(questions)),
        "threshold": threshold,
        "calibration": {
            "expected_error": round(calibration_error(tally.judged), 4),
            "brier": _share(squares, len(tally.judged)),
        },
        "latency_ms": {
            "p50": _quantile(tally.milliseconds, 0.5),
            "p95": _quantile(tally.milliseconds, 0.95),
            "max": _quantile(tally.milliseconds, 1.0),
        },
        "decisions": dict(sorted(tally.ends.items())),
        "wrong": tally.wrong,
    }


def fitted(
    questions: Sequence[Question], entries: Sequence[Entry], *, precision: float
) -> tuple[Calibration, float]:
    """A calibration from labelled questions, and the threshold that is precise enough on them."""
    matcher = Matcher(entries)
    samples = []
    for question in questions:
        found = matcher.candidates(question.text)
        if _is_open(question.text, found, GROUP):
            samples.append((found[0].features, found[0].key == question.answer_id))
    calibration = fit(samples)
    judged = [(calibration.probability(features), hit) for features, hit in samples]
    return calibration, threshold_for(judged, precision=precision)


def _is_open(text: str, candidates: Sequence[Candidate], place: Place) -> bool:
    """The score decides here: no rule forbids an answer."""
    return bool(candidates) and isinstance(
        decide(Said(text), candidates[:1], place, threshold=0.0), Answer | Draft
    )


def _rows(lines: Iterable[str]) -> Iterable[tuple[int, dict[str, Any]]]:
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise ValueError(f"line {number}: not JSON ({error.msg})") from error
        if not isinstance(row, dict):
            raise ValueError(f"line {number}: not an object")
        yield number, row


def _answer_of(decision: Decision) -> str | None:
    return decision.article if isinstance(decision, Answer | Draft) else None


def _end_of(decision: Decision) -> str:
    name = type(decision).__name__.lower()
    return name if isinstance(decision, Answer | Draft) else f"{name}:{decision.reason}"


def _share(part: float, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def _quantile(values: Sequence[float], at: float) -> float | None:
    if not values:
        return None
    ordered = sorted(values)
    return round(ordered[min(len(ordered) - 1, int(at * len(ordered)))], 3)


__all__ = ["GROUP", "ONE_TO_ONE", "evaluate", "fitted", "read_articles", "read_questions"]
