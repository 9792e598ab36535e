"""What-if shares computed a second way, by SQL, and compared with a public package's results.

A log of others' is not kept here: `ATTRIBUTION_LOG` names one (columns path, total_conversions,
total_conversion_value, total_null) and `ATTRIBUTION_RESULTS` a JSON file of what another program
made of it, rule with options → touchpoint → conversions. Both are compared to six digits.
"""

from __future__ import annotations

import csv
import io
import json
import os
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

OWN_LOG = """path,total_conversions,total_conversion_value,total_null
scan > friend > group > visit,10,1000,5
scan > scan > visit,6,60,0
visit,4,40,1
friend > visit,3,7.5,9
push > link > push > link > push > visit > call,17,123.25,40
group > push > link,1,0.01,0
call > scan,8,800,2
link > link > link > link > friend,5,5,5
"""
# What the package mta 0.0.9 makes of this log.
THEIRS_OF_OWN: dict[str, dict[str, float]] = {
    "first": {
        "call": 8.0,
        "friend": 3.0,
        "group": 1.0,
        "link": 5.0,
        "push": 17.0,
        "scan": 16.0,
        "visit": 4.0,
    },
    "last": {"call": 17.0, "friend": 5.0, "link": 1.0, "scan": 8.0, "visit": 23.0},
    "linear": {
        "call": 6.428571429,
        "friend": 5.0,
        "group": 2.833333333,
        "link": 9.19047619,
        "push": 7.619047619,
        "scan": 10.5,
        "visit": 12.428571429,
    },
    "linear --each-once": {
        "call": 8.25,
        "friend": 6.5,
        "group": 2.833333333,
        "link": 7.083333333,
        "push": 4.583333333,
        "scan": 9.5,
        "visit": 15.25,
    },
    "position": {
        "call": 10.8,
        "friend": 4.5,
        "group": 1.4,
        "link": 4.76,
        "push": 8.36,
        "scan": 11.6,
        "visit": 12.58,
    },
    "time_decay --by-rank --each-once": {
        "call": 9.466666667,
        "friend": 6.333333333,
        "group": 3.166666667,
        "link": 5.566666667,
        "push": 2.033333333,
        "scan": 8.333333333,
        "visit": 19.1,
    },
}
LOGS = ["", os.environ["ATTRIBUTION_LOG"]] if "ATTRIBUTION_LOG" in os.environ else [""]
# Every touchpoint with its place in the path and the path's length; and each where it first stood.
STEPS = """
WITH steps AS (
  SELECT j.id, j.conversions, t.name, t.place, count(*) OVER (PARTITION BY j.id) AS n,
    row_number() OVER (PARTITION BY j.id, t.name ORDER BY t.place) AS time
  FROM told_journey j, unnest(string_to_array(j.path, ' > ')) WITH ORDINALITY AS t (name, place)
  WHERE j.conversions > 0
), once AS (
  SELECT id, conversions, name, row_number() OVER (PARTITION BY id ORDER BY place) AS place,
    count(*) OVER (PARTITION BY id) AS n
  FROM steps WHERE time = 1
)
SELECT name, sum({share}) FROM {steps} GROUP BY name
"""
BY_SQL = {
    "first": ("steps", "CASE WHEN place = 1 THEN conversions ELSE 0 END"),
    "last": ("steps", "CASE WHEN place = n THEN conversions ELSE 0 END"),
    "linear": ("steps", "conversions / n"),
    "linear --each-once": ("once", "conversions / n"),
    "position": (
        "steps",
        "conversions * CASE WHEN n = 1 THEN 1 WHEN n = 2 THEN 0.5"
        " WHEN place IN (1, n) THEN 0.4 ELSE 0.2 / (n - 2) END",
    ),
    "time_decay": ("steps", "conversions * 2 ^ (place - n) / (2 - 2 ^ (1 - n))"),
    "time_decay --by-rank --each-once": ("once", "conversions * place / (n * (n + 1) / 2.0)"),
}


@pytest.fixture(params=LOGS, ids=lambda path: "theirs" if path else "own")
def log(request: pytest.FixtureRequest, tmp_path: Path, db: None) -> Path:
    """The log as a file, and loaded into a table of its own."""
    path = Path(request.param) if request.param else tmp_path / "log.csv"
    if not request.param:
        path.write_text(OWN_LOG)
    with path.open(encoding="utf-8-sig", newline="") as opened, connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMP TABLE told_journey"
            " (id serial, path text, conversions float8) ON COMMIT DROP"
        )
        rows = [(row["path"], float(row["total_conversions"])) for row in csv.DictReader(opened)]
        cursor.execute(
            "INSERT INTO told_journey (path, conversions)"
            " SELECT * FROM unnest(%s::text[], %s::float8[])",
            [[path for path, _ in rows], [told for _, told in rows]],
        )
    return path


def ours(path: Path, rule: str) -> dict[str, float]:
    name, *options = rule.split()
    out = io.StringIO()
    call_command("credit_eval", str(path), "--rule", name, *options, stdout=out)
    told: dict[str, Any] = json.loads(out.getvalue())["touchpoints"]
    return {name: each["conversions"] for name, each in told.items() if each["conversions"]}


@pytest.mark.parametrize("rule", BY_SQL)
def test_sql_gives_the_same_shares(log: Path, rule: str) -> None:
    steps, share = BY_SQL[rule]
    with connection.cursor() as cursor:
        cursor.execute(STEPS.format(steps=steps, share=share))
        second = {name: float(part) for name, part in cursor.fetchall() if part}
    assert ours(log, rule) == pytest.approx(second, rel=1e-6)


def test_another_program_gives_the_same_shares(log: Path) -> None:
    is_own = str(log) != os.environ.get("ATTRIBUTION_LOG")
    theirs: dict[str, dict[str, float]] = (
        THEIRS_OF_OWN if is_own else json.loads(Path(os.environ["ATTRIBUTION_RESULTS"]).read_text())
    )
    for rule, told in theirs.items():
        assert ours(log, rule) == pytest.approx(
            {name: part for name, part in told.items() if part}, rel=1e-6
        ), rule
