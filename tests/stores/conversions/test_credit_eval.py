"""What-if on journeys: shares by hand-worked examples, sums that hold, files that are odd."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st

from stores.conversions.paths import RULES, Journey, evaluate

JOURNEYS = """path,conversions,value,nulls
scan > friend > group > visit,10,1000,5
scan > scan > visit,6,60,0
visit,4,40,1
friend > visit,0,0,9
"""


def run(folder: Path, rule: str, *options: str, text: str = JOURNEYS) -> dict[str, Any]:
    path = folder / "journeys.csv"
    path.write_text(text)
    out = io.StringIO()
    call_command("credit_eval", str(path), "--rule", rule, *options, stdout=out)
    told: dict[str, Any] = json.loads(out.getvalue())
    return told


@pytest.mark.parametrize(
    ("rule", "options", "expected"),
    [
        ("first", [], {"scan": 16, "visit": 4}),
        ("last", [], {"visit": 20}),
        ("linear", [], {"scan": 6.5, "friend": 2.5, "group": 2.5, "visit": 8.5}),
        ("linear", ["--each-once"], {"scan": 5.5, "friend": 2.5, "group": 2.5, "visit": 9.5}),
        ("position", [], {"scan": 4 + 2.4 + 1.2, "friend": 1, "group": 1, "visit": 4 + 2.4 + 4}),
        (
            "time_decay",
            [],
            {
                "scan": 10 / 15 + 6 * 3 / 7,
                "friend": 20 / 15,
                "group": 40 / 15,
                "visit": 80 / 15 + 6 * 4 / 7 + 4,
            },
        ),
        (
            "time_decay",
            ["--by-rank", "--each-once"],
            {"scan": 1 + 2, "friend": 2, "group": 3, "visit": 4 + 4 + 4},
        ),
    ],
)
def test_shares_by_hand(
    tmp_path: Path, rule: str, options: list[str], expected: dict[str, float]
) -> None:
    told = run(tmp_path, rule, *options)
    credited = {name: each["conversions"] for name, each in told["touchpoints"].items()}
    assert {name: part for name, part in credited.items() if part} == pytest.approx(expected)
    assert sum(told["shares"].values()) == pytest.approx(1)
    assert (told["conversions"], told["value"], told["nulls"]) == pytest.approx((20, 1100, 15))


def test_published_spellings_of_columns_are_read(tmp_path: Path) -> None:
    text = "path,total_conversions,total_conversion_value,total_null\na > b,1,2,3\n"
    assert run(tmp_path, "last", text=text)["touchpoints"]["b"] == {"conversions": 1, "value": 2}


def test_what_is_missing_is_said(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="missing columns: conversions"):
        run(tmp_path, "last", text="path,value\na,1\n")
    with pytest.raises(CommandError, match="could not convert"):
        run(tmp_path, "last", text="path,conversions\na,many\n")
    with pytest.raises(CommandError, match="nowhere"):
        call_command("credit_eval", str(tmp_path / "nowhere.csv"), "--rule", "last")


@given(
    rule=st.sampled_from(sorted(RULES)),
    journeys=st.lists(
        st.builds(
            Journey,
            path=st.lists(st.sampled_from("abcd"), min_size=1, max_size=60).map(tuple),
            conversions=st.integers(0, 1000),
            value=st.integers(0, 10**6),
        ),
        min_size=1,
        max_size=10,
    ),
    each_once=st.booleans(),
    by_rank=st.booleans(),
)
def test_nothing_is_lost_or_made(
    rule: str, journeys: list[Journey], each_once: bool, by_rank: bool
) -> None:
    outcome = evaluate(journeys, rule, each_once=each_once, by_rank=by_rank)
    assert sum(outcome.conversions.values()) == pytest.approx(sum(j.conversions for j in journeys))
    assert sum(outcome.value.values()) == pytest.approx(sum(j.value for j in journeys))
