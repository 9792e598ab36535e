"""Making a yardstick: cut points and a fitted model from those who permit it, by a published rule.

Above `SAMPLE` people the quantiles and the model come from one in n of them: always the same ones;
of 400 000 people a quantile is right to a tenth of a per cent. They are taken by small groups of
neighbours, evenly from the first member to the newest: one by one they would stand on every page.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final

import numpy as np
from django.conf import settings
from django.db import connection
from django.utils import timezone

from members.consent.rules import newest_year_of_adults
from members.lifecycle import bgnbd, gammagamma
from members.lifecycle.bgnbd import NothingToLearn
from members.lifecycle.models import StageRule, Yardstick
from members.lifecycle.rfm import bounds_of
from members.lifecycle.scoring import ELIGIBLE, STANDING

SAMPLE: Final = 400_000
# The model learns from fewer: its parameters settle long before the quantiles do.
LEARNS_FROM: Final = 50_000
# With fewer buyers a fifth of them is a handful, and a fitted model a guess.
FEWEST: Final = 50
# About two pages of members.
NEIGHBOURS: Final = 64
AT_ONCE: Final = 20_000
_YUAN: Final = 100

_SAMPLED: Final = f"""
SELECT %(on)s::date - last_on, frequency, %(on)s::date - first_on, monetary_minor, repeat_minor
FROM lifecycle_bought b
JOIN ({ELIGIBLE.format(standing=STANDING)}) e ON e.member_id = b.person
WHERE b.person / %(neighbours)s %% %(one_in)s = 0 AND b.last_on <= %(on)s
ORDER BY hashint8(b.person), b.person
"""  # noqa: S608 - our own words; what a caller says travels as parameters


def published_rule() -> StageRule:
    """The rule in force; a new house begins with the fields' defaults. Inside an action."""
    rule = StageRule.objects.exclude(published_at=None).order_by("-version").first()
    if rule is None:
        rule, _ = StageRule.objects.get_or_create(
            version=1, defaults={"published_at": timezone.now(), "note": "出厂规则"}
        )
    return rule


def measure(on: date, now: datetime, entities: Sequence[int]) -> Yardstick:
    """A new yardstick from what is gathered in `lifecycle_bought`. Inside an action."""
    sample = _sample(on, now, entities)
    cuts: dict[str, Any] = {}
    model: dict[str, Any] = {}
    if len(sample) >= FEWEST:
        recency, frequency, _, spent, _ = sample.T
        cuts = {
            "r": bounds_of(recency),
            "f": bounds_of(frequency),
            "m": bounds_of(spent, _YUAN),
            "people": len(sample),
        }
        model = learn(sample[:LEARNS_FROM])
    return Yardstick.objects.create(rule=published_rule(), measured_on=on, cuts=cuts, model=model)


def learn(sample: np.ndarray[Any, np.dtype[np.int64]]) -> dict[str, Any]:
    """Both models' parameters in days and minor units; what cannot be learned is left out."""
    recency, frequency, age, _, repeat = sample.T
    x, t_x, seen = (column.astype(float) for column in (frequency - 1, age - recency, age))
    try:
        buying = bgnbd.fit(bgnbd.Histories.each(x, t_x, seen).grouped())
    except NothingToLearn:
        return {}
    if not buying.says_something:
        return {}
    found = {
        "r": buying.r,
        "alpha": buying.alpha,
        "a": buying.a,
        "b": buying.b,
        "log_likelihood": buying.log_likelihood,
        "people": len(sample),
    }
    again = x > 0
    try:
        mean = repeat[again] / x[again]
        spending = gammagamma.fit(x[again], mean)
    except NothingToLearn:
        return found
    if spending.is_plausible(float(mean.mean())):
        found |= {"p": spending.p, "q": spending.q, "gamma": spending.gamma}
    return found


def _sample(
    on: date, now: datetime, entities: Sequence[int]
) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Recency, frequency, days since the first purchase, spent, spent again; in a fixed order."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM lifecycle_bought")
        one_in = max(1, int(cursor.fetchone()[0]) // SAMPLE)
        cursor.execute(
            _SAMPLED,
            {
                "on": on,
                "now": now,
                "zone": settings.TIME_ZONE,
                "entities": list(entities),
                "newest_adults": newest_year_of_adults(now),
                "neighbours": NEIGHBOURS,
                "one_in": one_in,
            },
        )
        # By and by: as rows of Python they would be ten times as large.
        parts = [np.empty((0, 5), dtype=np.int64)]
        while rows := cursor.fetchmany(AT_ONCE):
            parts.append(np.array(rows, dtype=np.int64))
        return np.concatenate(parts)
