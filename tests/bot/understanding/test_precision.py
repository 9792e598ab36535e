"""Precision, coverage, calibration and speed on labelled questions that the fit has not seen."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from bot.understanding.evaluation import (
    GROUP,
    Question,
    evaluate,
    fitted,
    read_articles,
    read_questions,
)
from bot.understanding.matcher import Entry, Matcher
from bot.understanding.rules import Escalate, Said, Silence, decide

DATA = Path(__file__).parents[1] / "data"
ARTICLES = read_articles((DATA / "articles.jsonl").read_text().splitlines())
QUESTIONS = read_questions((DATA / "questions.jsonl").read_text().splitlines())
FIT = read_questions((DATA / "fit.jsonl").read_text().splitlines())


def test_questions_unseen_by_the_fit_are_answered_precisely(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = evaluate(QUESTIONS, ARTICLES)
    with capsys.disabled():
        shown = {k: v for k, v in found.items() if k not in ("wrong", "decisions")}
        sys.stdout.write(f"\nbot on labelled questions: {json.dumps(shown)}\n")
    assert found["questions"] >= 150
    assert found["precision"] >= 0.95
    assert found["coverage"] >= 0.8
    assert found["calibration"]["expected_error"] <= 0.08


def test_the_labelled_files_share_no_question() -> None:
    known = {q.text for q in FIT} | {t for a in ARTICLES for t in (a.question, *a.phrasings)}
    assert [q.text for q in QUESTIONS if q.text in known] == []


@pytest.mark.parametrize("kind", ["refund", "complaint", "money", "personal", "harm"])
def test_delicate_matters_are_never_answered(kind: str) -> None:
    matcher = Matcher(ARTICLES)
    asked = [q for q in (*QUESTIONS, *FIT) if q.kind == kind]
    handed_over = [
        q.text
        for q in asked
        if isinstance(decide(Said(q.text), matcher.candidates(q.text), GROUP), Escalate)
    ]
    assert len(asked) >= 14 if kind != "harm" else len(asked) >= 8
    assert handed_over == [q.text for q in asked]


def test_talk_among_people_is_not_interrupted() -> None:
    matcher = Matcher(ARTICLES)
    chat = [q for q in QUESTIONS if q.kind == "chat"]
    quiet = [
        q
        for q in chat
        if isinstance(decide(Said(q.text), matcher.candidates(q.text), GROUP), Silence)
    ]
    assert len(quiet) >= len(chat) - 1


def test_a_decision_is_quick() -> None:
    # The goal is 1 ms; the middle of many leaves room for a busy machine.
    assert evaluate(QUESTIONS, ARTICLES)["latency_ms"]["p50"] < 2


def test_the_shipped_curve_is_the_fitted_one() -> None:
    calibration, threshold = fitted(FIT, ARTICLES, precision=0.98)
    shipped = Matcher(ARTICLES).calibration
    assert calibration.weights == pytest.approx(shipped.weights, abs=0.02)
    assert threshold == pytest.approx(0.88, abs=0.02)


def test_without_articles_nothing_is_answered() -> None:
    found = evaluate([Question("几点关门？", "hours")], [])
    assert found["answered"] == 0
    assert found["precision"] is None


def test_two_articles_that_tell_the_same_are_no_rivals() -> None:
    hours = "{store_name}{asked_day}营业时间 {store_hours}。"
    entries = [Entry("late", "几点关门", answer=hours), Entry("early", "几点开门", answer=hours)]
    found = evaluate([Question("你们几点关门？", "late")], entries)
    assert found["precision"] == 1.0


def test_the_command_prints_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    questions = tmp_path / "q.jsonl"
    questions.write_text('{"text": "请问周日营业到几点？", "answer_id": "hours"}\n\n')
    call_command("bot_eval", str(questions), articles=DATA / "articles.jsonl")
    found = json.loads(capsys.readouterr().out)
    assert found["precision"] == 1.0
    assert found["coverage"] == 1.0
    assert set(found["latency_ms"]) == {"p50", "p95", "max"}


def test_the_command_names_a_bad_line(tmp_path: Path) -> None:
    questions = tmp_path / "q.jsonl"
    questions.write_text('{"text": "几点关门？"}\nnot json\n')
    with pytest.raises(CommandError, match="line 2"):
        call_command("bot_eval", str(questions), articles=DATA / "articles.jsonl")
