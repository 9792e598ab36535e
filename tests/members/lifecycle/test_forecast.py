"""The models reach what is published and find what was simulated; RFM reaches the R package."""

from __future__ import annotations

import csv
import json
import os
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st

from members.lifecycle import bgnbd, gammagamma
from members.lifecycle.bgnbd import Buying, Histories, NothingToLearn
from members.lifecycle.rfm import bounds_of, classes_of, segment_of

CDNOW = Buying(0.243, 4.414, 0.793, 2.426)


def one_person(x: float, t_x: float, seen: float) -> Histories:
    return Histories.each(np.array([x]), np.array([t_x]), np.array([seen]))


def fitted(path: Path, **options: str) -> dict[str, Any]:
    out = StringIO()
    call_command("lifecycle_fit", str(path), stdout=out, **options)
    found: dict[str, Any] = json.loads(out.getvalue())
    return found


def test_published_customers_of_the_paper() -> None:
    # The worked example of the paper's note on Excel: x=2, t_x=30.43, T=38.86, 39 weeks ahead.
    one = one_person(2.0, 30.43, 38.86)
    assert bgnbd.expected(one, 39.0, CDNOW)[0] == pytest.approx(1.226, abs=0.001)
    assert bgnbd.log_likelihoods(one, CDNOW)[0] == pytest.approx(-9.4586, abs=0.0005)


@pytest.mark.parametrize("unit", [1.0, 7.0])
def test_known_parameters_are_found_again(unit: float) -> None:
    chance = np.random.default_rng(2005)
    size, r, alpha, a, b = 12_000, 0.8, 30.0, 0.8, 2.5
    rate = chance.gamma(r, 1 / alpha, size)
    leave = chance.beta(a, b, size)
    seen = chance.integers(200, 700, size).astype(float)
    x, t_x = np.zeros(size), np.zeros(size)
    at, stays = np.zeros(size), np.ones(size, dtype=bool)
    for _ in range(400):
        at = at + np.where(stays, chance.exponential(1 / rate), 0)
        stays &= at < seen
        if not stays.any():
            break
        x[stays] += 1
        t_x[stays] = at[stays]
        stays &= chance.random(size) > leave
    found = bgnbd.fit(Histories(x, t_x / unit, seen / unit, np.ones(size)))
    assert found.r == pytest.approx(r, rel=0.12)
    assert found.alpha == pytest.approx(alpha / unit, rel=0.15)
    assert found.a / (found.a + found.b) == pytest.approx(a / (a + b), rel=0.1)


def test_spending_is_found_again() -> None:
    chance = np.random.default_rng(2013)
    size, p, q, gamma = 10_000, 6.25, 3.74, 15.44
    x = chance.integers(1, 9, size).astype(float)
    rate = chance.gamma(q, 1 / gamma, size)
    mean = chance.gamma(p * x, 1 / (rate * x))
    found = gammagamma.fit(x, mean)
    assert found.average == pytest.approx(p * gamma / (q - 1), rel=0.06)
    assert found.p == pytest.approx(p, rel=0.2)
    assert found.q == pytest.approx(q, rel=0.2)


@given(
    x=st.integers(0, 3000),
    t_x=st.floats(0, 5000),
    more=st.floats(0, 5000),
    ahead=st.floats(0.1, 5000),
    a=st.one_of(st.just(1.0), st.floats(0.01, 30)),
    r=st.floats(0.01, 30),
)
def test_no_history_makes_nonsense(
    x: int, t_x: float, more: float, ahead: float, a: float, r: float
) -> None:
    model = Buying(r, 20.0, a, 2.5)
    last = t_x if x else 0.0
    one = one_person(float(x), last, last + more)
    chance = bgnbd.alive(one, model)[0]
    expected = bgnbd.expected(one, ahead, model)[0]
    assert 0 <= chance <= 1
    assert np.isfinite(expected)
    # Never more than her rate, known as well as it is, would make of the time.
    assert -1e-6 <= expected <= (r + x) / 20.0 * ahead * 1.001 + 1e-6
    assert np.isfinite(bgnbd.log_likelihoods(one, model)[0])


def test_without_a_second_purchase_nothing_is_learned() -> None:
    ones = np.ones(5)
    with pytest.raises(NothingToLearn, match="没有人重复购买"):
        bgnbd.fit(Histories(ones * 0, ones * 0, ones * 9, ones))


def test_half_who_bought_once_all_stand_in_the_lowest_class() -> None:
    values = np.array([1] * 60 + [2] * 25 + [3, 4, 5, 6, 7] * 3)
    found = classes_of(values, bounds_of(values))
    assert set(found[:60]) == {1}
    assert len({int(c) for v, c in zip(values, found, strict=True) if v == 2}) == 1
    assert found[values == 7].max() == 5


def test_a_score_has_its_published_name() -> None:
    assert segment_of("555") == ("Champions", "冠军客户")
    assert segment_of("155")[0] == "At Risk"
    assert segment_of("511")[0] == "Potential Loyalist"
    assert segment_of("")[0] == "Others"


def test_the_file_may_look_as_files_look(tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    lines = ["\ufeff金额;日期;客户"]
    for one in range(30):
        lines += [f"¥{20 + one};2025/01/{1 + one % 28:02d};甲{one}", f"30;20250301;甲{one}"]
        lines += [f'"1,200.50";2025-0{3 + one % 6}-09 18:30:00;甲{one}'] * (one % 3)
    log.write_text("\n".join(lines), encoding="gb18030" if os.name == "nt" else "utf-8")
    found = fitted(log, until="2025-12-31", unit="day")
    # Two lines of one day are one purchase.
    assert (found["customers"], found["transactions"]) == (30, 80)
    assert {"r", "alpha", "a", "b"} <= set(found["bg_nbd"])


def test_what_is_wrong_with_a_file_is_said_by_line(tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    log.write_text("customer,date,amount\na,2025-01-01,10\nb,31/02/2025,10\nc,2025-01-02,zehn\nd\n")
    with pytest.raises(CommandError) as refusal:
        fitted(log)
    said = str(refusal.value)
    assert "第 3 行：日期“31/02/2025”读不懂" in said
    assert "第 4 行：金额“zehn”不是数字" in said
    assert "第 5 行：列数不够" in said
    log.write_text("customer,when\n")
    with pytest.raises(CommandError, match="缺少 date"):
        fitted(log)


def test_refunds_take_a_purchase_back(tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    with log.open("w", newline="") as out:
        rows = csv.writer(out)
        rows.writerow(["date", "customer", "amount"])
        for who, back in (("a", -50), ("b", -20)):
            rows.writerows([("2025-01-01", who, 100), ("2025-02-01", who, 50)])
            rows.writerow(("2025-02-09", who, back))
        rows.writerow(("2025-01-05", "c", 0))
    found = fitted(log, unit="day")
    # Hers of February is gone, the other's is 30 worth; what cost nothing was a visit.
    assert (found["customers"], found["transactions"]) == (3, 4)


@pytest.mark.parametrize(
    ("variable", "until"), [("CDNOW_LOG", "1997-09-30"), ("RFM_LOG", "2006-12-31")]
)
def test_published_results_from_raw_logs(variable: str, until: str) -> None:
    """Only where the logs are at hand: they are others' data and not part of this repository."""
    path = os.environ.get(variable)
    if path is None:
        return
    found = fitted(Path(path), until=until)
    if variable == "CDNOW_LOG":
        expected = {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}
        model = found["bg_nbd"]
        assert {name: round(model[name], 3) for name in expected} == expected
    else:
        lines = found["rfm"]["segments"]
        best = next(line for line in lines if line["segment"] == "Champions")
        assert (best["customers"], best["orders"], best["revenue"]) == (158, 1234, 120178)
