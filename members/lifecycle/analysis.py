"""What a purchase log says, as plain values for JSON: models, RFM segments, each customer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

import numpy as np

from members.lifecycle import bgnbd, gammagamma
from members.lifecycle.bgnbd import Buying, NothingToLearn
from members.lifecycle.files import Histories
from members.lifecycle.gammagamma import Spending
from members.lifecycle.rfm import OTHERS, SEGMENTS, bounds_of, classes_of, segment_of

UNITS: Final[Mapping[str, int]] = {"day": 1, "week": 7}
# How far ahead is looked, in units.
AHEAD: Final[Mapping[str, int]] = {"day": 365, "week": 52}
_CENTS: Final = 100


def analyse(found: Histories, until: date, unit: str, *, each: bool = False) -> dict[str, Any]:
    """Everything `lifecycle_fit` prints. `each` adds a line per customer."""
    seen = _statistics(found, until, UNITS[unit])
    x = seen.x
    buying, said = _fit_buying(seen)
    spending, worth = _fit_spending(found, x)
    scores = _scores(found, until)
    result: dict[str, Any] = {
        "until": until.isoformat(),
        "unit": unit,
        "customers": len(found.names),
        "transactions": int(found.transactions.sum()),
        "repeat_customers": int((x > 0).sum()),
        "bg_nbd": said,
        "gamma_gamma": worth,
        "rfm": _segments(found, until, scores),
    }
    if buying is not None:
        result["expected_of_a_new_customer"] = {
            "ahead": AHEAD[unit],
            "purchases": _number(bgnbd.expected_of_new(AHEAD[unit], buying)),
        }
    if each:
        result["each"] = _each(found, seen, scores, buying, spending, AHEAD[unit])
    return result


def _statistics(found: Histories, until: date, days: int) -> bgnbd.Histories:
    return bgnbd.Histories.each(
        (found.transactions - 1).astype(float),
        (found.last - found.first) / days,
        (until.toordinal() - found.first) / days,
    )


def _fit_buying(seen: bgnbd.Histories) -> tuple[Buying | None, dict[str, Any]]:
    try:
        model = bgnbd.fit(seen.grouped())
    except NothingToLearn as error:
        return None, {"error": str(error)}
    names = ("r", "alpha", "a", "b", "log_likelihood")
    return model, {name: _number(getattr(model, name)) for name in names}


def _fit_spending(found: Histories, x: Any) -> tuple[Spending | None, dict[str, Any]]:
    again = x > 0
    mean = found.repeat[again] / _CENTS / x[again]
    try:
        model = gammagamma.fit(x[again], mean)
    except NothingToLearn as error:
        return None, {"error": str(error)}
    names = ("p", "q", "gamma", "log_likelihood", "average")
    held = {name: getattr(model, name) for name in names}
    return model, {name: None if v is None else _number(v) for name, v in held.items()}


def _scores(found: Histories, until: date) -> list[str]:
    recency = until.toordinal() - found.last
    r = 6 - classes_of(recency, bounds_of(recency))
    f = classes_of(found.orders, bounds_of(found.orders))
    m = classes_of(found.spent, bounds_of(found.spent, _CENTS))
    return [f"{one}{two}{three}" for one, two, three in zip(r, f, m, strict=True)]


def _segments(found: Histories, until: date, scores: Sequence[str]) -> dict[str, Any]:
    recency = until.toordinal() - found.last
    names = [segment_of(score)[0] for score in scores]
    labels = {name: chinese for name, chinese, *_ in SEGMENTS} | dict([OTHERS])
    lines = []
    for name, chinese in labels.items():
        held = np.array([one == name for one in names])
        lines.append(
            {
                "segment": name,
                "name": chinese,
                "customers": int(held.sum()),
                "share": _number(held.mean()),
                "orders": int(found.orders[held].sum()),
                "revenue": _number(found.spent[held].sum() / _CENTS),
            }
        )
    return {
        "bounds": {
            "recency_days": bounds_of(recency),
            "orders": bounds_of(found.orders),
            "amount": [_number(v / _CENTS) for v in bounds_of(found.spent, _CENTS)],
        },
        "segments": lines,
    }


def _each(
    found: Histories,
    seen: bgnbd.Histories,
    scores: Sequence[str],
    buying: Buying | None,
    spending: Spending | None,
    ahead: int,
) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = [
        {"customer": name, "rfm": score, "segment": segment_of(score)[0]}
        for name, score in zip(found.names, scores, strict=True)
    ]
    if buying is not None:
        alive = bgnbd.alive(seen, buying)
        expected = bgnbd.expected(seen, float(ahead), buying)
        for line, p, n in zip(lines, alive, expected, strict=True):
            line |= {"p_alive": _number(p), "expected_purchases": _number(n)}
    if spending is not None and spending.q > 1:
        mean = found.repeat / _CENTS / np.maximum(seen.x, 1)
        for line, worth in zip(
            lines, gammagamma.expected_purchase(seen.x, mean, spending), strict=True
        ):
            line["expected_amount"] = _number(worth)
    return lines


def _number(value: Any) -> float:
    """No more digits than mean something."""
    return round(float(value), 6)
