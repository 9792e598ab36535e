"""Stage, RFM, forecast and value of many members in one statement each; `rules.py` in SQL.

Who does not permit profiling, has left, or belongs to an entity without a signed assessment gets
no row, and loses the one she had.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

import numpy as np
from django.conf import settings
from django.db import connection

from members.consent.rules import newest_year_of_adults
from members.lifecycle.bgnbd import Buying, outlook
from members.lifecycle.models import Yardstick
from members.lifecycle.rules import AHEAD_DAYS, QUIET_FOR, REFRESH_LATER, REFRESH_SOON

# Whom the consent room allows, said to PostgreSQL for a range of members; a test compares both.
ELIGIBLE: Final = """
SELECT m.id AS member_id, (m.joined_at AT TIME ZONE %(zone)s)::date AS joined_on
FROM members_member m
JOIN members_consentstate c ON c.member_id = m.id
  AND c.purpose = 'profiling' AND c.channel = '' AND c.is_granted AND c.since <= %(now)s
WHERE m.state = 'active' AND m.entity_id = ANY(%(entities)s) {standing}
"""

# Restricted members and minors are not computed with, whatever was once permitted.
STANDING: Final = (
    "AND m.restricted_at IS NULL AND (m.birth_year IS NULL OR m.birth_year <= %(newest_adults)s)"
)

# Beside each member the row that stands. Joined first, while both come in the order of numbers;
# who stands without being eligible is who may stand no longer.
_FACTS: Final = """
facts AS (
  SELECT e.member_id, e.joined_on, COALESCE(b.frequency, 0) AS frequency, b.first_on, b.last_on,
    COALESCE(b.monetary_minor, 0) AS monetary_minor, COALESCE(b.repeat_minor, 0) AS repeat_minor,
    COALESCE(b.last_on, e.joined_on) AS heard_on,
    %(on)s::date - COALESCE(b.last_on, e.joined_on) AS quiet, old.*
  FROM eligible e LEFT JOIN bought b ON b.person = e.member_id
  FULL JOIN (
    SELECT member_id AS standing, stage AS old_stage, before AS old_before, since AS old_since,
      frequency AS old_frequency, first_on AS old_first_on, last_on AS old_last_on,
      joined_on AS old_joined_on, monetary_minor AS old_monetary, repeat_minor AS old_repeat,
      rfm AS old_rfm, p_alive AS old_p_alive, expected_purchases AS old_expected,
      value_minor AS old_value, look_again_on AS old_look_again_on, yardstick_id AS old_yardstick
    FROM members_memberstage s WHERE {condition}
  ) old ON old.standing = e.member_id
)
"""

_STAGED: Final = """
staged AS (
  SELECT f.*,
    CASE WHEN quiet > %(lapsed_after)s THEN 'lapsed'
      WHEN quiet > %(dormant_after)s THEN 'dormant'
      WHEN frequency >= %(mature_purchases)s
        OR (frequency > 0 AND monetary_minor >= %(mature_spend)s::bigint) THEN 'mature'
      WHEN frequency >= %(growing_purchases)s THEN 'growing'
      ELSE 'new' END AS stage,
    LEAST(
      %(on)s::date
        + CASE WHEN frequency > 0 AND quiet < %(quiet_for)s THEN %(soon)s ELSE %(later)s END,
      CASE WHEN quiet <= %(dormant_after)s THEN heard_on + %(dormant_after)s + 1
        WHEN quiet <= %(lapsed_after)s THEN heard_on + %(lapsed_after)s + 1 END
    ) AS look_again_on
  FROM facts f
)
"""

_FORECAST: Final = """
forecast AS (
  SELECT s.*, CASE WHEN frequency = 0 THEN '' ELSE
      (5 - width_bucket((%(measured_on)s::date - last_on)::float8, %(r)s::float8[]))::text
      || (1 + width_bucket(frequency::float8, %(f)s::float8[]))
      || (1 + width_bucket(monetary_minor::float8, %(m)s::float8[])) END AS scores,
    o.purchases, CASE WHEN frequency > 1 AND o.purchases IS NOT NULL THEN
      1 / (1 + %(a)s::float8 / (%(b)s::float8 + frequency - 2) * exp(LEAST(700,
        (%(alpha_r)s::float8 + frequency - 1)
          * (ln(%(alpha)s::float8 + (%(on)s::date - first_on))
            - ln(%(alpha)s::float8 + (last_on - first_on)))))) END AS p_alive
  FROM staged s LEFT JOIN lifecycle_outlook o
    ON o.x = s.frequency - 1 AND o.days = %(on)s::date - s.first_on
)
"""

# A row is written when it says something new: another fact or stage, a forecast that differs by
# more than anybody is shown, a rule that was changed, or its time to be looked at again.
_NEWS: Final = """
(standing IS NULL OR y.rule_id IS DISTINCT FROM %(rule)s OR old_look_again_on <= %(on)s
  OR (old_stage, old_frequency, old_first_on, old_last_on, old_joined_on, old_monetary, old_repeat,
      old_rfm)
    IS DISTINCT FROM (n.stage, frequency, first_on, last_on, joined_on, monetary_minor,
      repeat_minor, COALESCE(scores, ''))
  OR num_nonnulls(old_p_alive, p_alive) = 1 OR abs(old_p_alive - p_alive) > 0.005
  OR num_nonnulls(old_expected, purchases) = 1 OR abs(old_expected - expected) > 0.05
  OR num_nonnulls(old_value, value) = 1
  OR abs(old_value - value) > 100 + 0.01::float8 * abs(old_value))
"""

# A rule that changed moves nobody: `before` tells of people, not of definitions. Without OFFSET 0
# PostgreSQL would write the formulas out wherever their results are named, and compute each so
# often.
_FRESH: Final = """
valued AS (
  SELECT f.*, f.purchases * COALESCE(f.p_alive, 1) AS expected,
    f.purchases * COALESCE(f.p_alive, 1)
      * (%(p)s::float8 * (%(gamma)s::float8 + f.repeat_minor)
        / (%(p)s::float8 * (f.frequency - 1) + %(q)s::float8 - 1)) AS value
  FROM (SELECT * FROM forecast OFFSET 0) f OFFSET 0
), fresh AS MATERIALIZED (
  SELECT member_id, standing, n.stage, old_stage, frequency, first_on, last_on, joined_on,
    monetary_minor, repeat_minor, scores, p_alive, expected, value, look_again_on,
    {news} AS is_news,
    member_id IS NOT NULL AND old_stage <> n.stage AND y.rule_id = %(rule)s AS has_moved,
    CASE WHEN old_stage = n.stage THEN old_before
      WHEN y.rule_id = %(rule)s THEN old_stage ELSE '' END AS before,
    CASE WHEN old_stage = n.stage THEN old_since
      WHEN n.stage = 'lapsed' THEN heard_on + %(lapsed_after)s + 1
      WHEN n.stage = 'dormant' THEN heard_on + %(dormant_after)s + 1
      ELSE heard_on END AS since
  FROM valued n LEFT JOIN members_yardstick y ON y.id = old_yardstick
)
"""

# Rows that stand are updated and only new ones inserted: an upsert would try each twice. Who was
# scored meanwhile by herself, or withdrew, is met as she stands then: updated, or left alone.
_WRITTEN: Final = """
changed AS (
  UPDATE members_memberstage s SET ({columns}) = ROW({values})
  FROM fresh f WHERE f.is_news AND s.member_id = f.member_id AND f.standing IS NOT NULL
    AND {condition}
), added AS (
  INSERT INTO members_memberstage (member_id, {columns})
  SELECT f.member_id, {values} FROM fresh f WHERE f.standing IS NULL
  ON CONFLICT (member_id) DO UPDATE SET ({columns}) = ROW({excluded})
), removed AS (
  DELETE FROM members_memberstage s USING fresh f
  WHERE f.member_id IS NULL AND s.member_id = f.standing AND {condition}
  RETURNING s.member_id
)
"""
_COLUMNS: Final[Mapping[str, str]] = {
    "stage": "f.stage",
    "before": "COALESCE(f.before, '')",
    "since": "f.since",
    "frequency": "f.frequency",
    "first_on": "f.first_on",
    "last_on": "f.last_on",
    "joined_on": "f.joined_on",
    "monetary_minor": "f.monetary_minor",
    "repeat_minor": "f.repeat_minor",
    "rfm": "COALESCE(f.scores, '')",
    "p_alive": "f.p_alive",
    "expected_purchases": "f.expected",
    "value_minor": "CASE WHEN f.value IS NOT NULL"
    " THEN LEAST(GREATEST(round(f.value), 0), 9e15)::bigint END",
    "computed_on": "%(on)s::date",
    "look_again_on": "f.look_again_on",
    "yardstick_id": "%(yardstick)s::bigint",
}

# How many there are and how many went, then who of them moved.
_END: Final = """
SELECT NULL, (SELECT count(*) FROM removed)::text, count(member_id)::text FROM fresh
UNION ALL
SELECT member_id, old_stage, stage FROM fresh WHERE has_moved
"""

_GATHERED: Final = "SELECT * FROM lifecycle_bought"
# Without a range of its own, each portion would read what was gathered from its very beginning.
_GATHERED_BETWEEN: Final = f"{_GATHERED} WHERE person > %(first)s AND person <= %(last)s"
_GATHERED_OF: Final = f"{_GATHERED} WHERE person = ANY(%(persons)s::bigint[])"
# Where only time has passed, the row itself knows what the ledger said.
_KNOWN: Final = (
    "SELECT member_id AS person, frequency, first_on, last_on, monetary_minor, repeat_minor"
    " FROM members_memberstage WHERE frequency > 0 AND member_id = ANY(%(members)s::bigint[])"
)


@dataclass(frozen=True, slots=True)
class Which:
    """Which members a statement is about: a condition on a number, and where their facts stand."""

    condition: str
    values: Mapping[str, Any]
    bought: str = _GATHERED
    # PostgreSQL thinks that so many conditions leave few rows, and would look each of them up by
    # itself. Of a range, all tables are read side by side in the order of numbers; pages of single
    # members are found first and then fetched together.
    is_range: bool = False

    def standing(self, row: str) -> str:
        """The condition on rows that are called so."""
        return self.condition.format(f"{row}.member_id")


def between(first: int, last: int) -> Which:
    """Members with numbers above `first` up to `last`, by what was gathered of everybody."""
    return Which(
        "{0} > %(first)s AND {0} <= %(last)s",
        {"first": first, "last": last},
        _GATHERED_BETWEEN,
        is_range=True,
    )


def due(persons: Sequence[int]) -> Which:
    """These of the persons of `lifecycle_due`, by what was gathered of them."""
    return Which("{0} = ANY(%(persons)s::bigint[])", {"persons": list(persons)}, _GATHERED_OF)


def known(members: Sequence[int]) -> Which:
    """These members, by what their own rows say."""
    return Which("{0} = ANY(%(members)s::bigint[])", {"members": list(members)}, _KNOWN)


@dataclass(frozen=True, slots=True, order=True)
class Move:
    """That a member went from one stage to another."""

    member: int
    before: str
    stage: str


@dataclass(frozen=True, slots=True)
class Scored:
    """What one statement did: whom it scored, whether or not that said something new."""

    scored: int
    removed: int
    moves: Sequence[Move]


@dataclass(frozen=True, slots=True)
class Reckoner:
    """Scores members by a yardstick, as of a day. Inside an action of the product."""

    yardstick: Yardstick
    on: date
    now: datetime
    entities: Sequence[int]

    def score(self, which: Which) -> Scored:
        """Write what is new of these members, remove rows that may not be; who moved."""
        # Said of every table that is read, so that each is read by its own range or index.
        here = f"{which.condition.format('m.id')} AND {which.standing('c')}"
        eligible = ELIGIBLE.format(standing=f"{STANDING} AND {here}")
        standing = which.standing("s")
        facts, fresh = _FACTS.format(condition=standing), _FRESH.format(news=_NEWS)
        parts = (facts, _STAGED, _FORECAST, fresh, _written(standing))
        statement = (
            f"WITH eligible AS ({eligible}), bought AS ({which.bought}),{','.join(parts)} {_END}"
        )
        with connection.cursor() as cursor:
            # A portion is kept whole while it is compared and written.
            cursor.execute("SET LOCAL work_mem = '128MB'; SET LOCAL enable_nestloop = off")
            if not which.is_range:
                cursor.execute("SET LOCAL enable_indexscan = off")
            cursor.execute(statement, {**self._values(), **which.values})
            rows = cursor.fetchall()
            cursor.execute(
                "SET LOCAL work_mem TO DEFAULT; SET LOCAL enable_nestloop TO DEFAULT;"
                "SET LOCAL enable_indexscan TO DEFAULT"
            )
        removed, scored = next((int(row[1]), int(row[2])) for row in rows if row[0] is None)
        moves = sorted(Move(*row) for row in rows if row[0] is not None)
        return Scored(scored, removed, moves)

    def foresee(self, which: Which | None = None) -> None:
        """Fill `lifecycle_outlook` for every (repeat purchases, days known) that is gathered."""
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE IF EXISTS lifecycle_outlook")
            cursor.execute(
                "CREATE TEMP TABLE lifecycle_outlook (x int, days int, purchases float8)"
            )
            model = self.yardstick.model
            if not model:
                return
            bought, values = (_GATHERED, {}) if which is None else (which.bought, which.values)
            cursor.execute(
                f"SELECT DISTINCT frequency - 1, %(on)s::date - first_on FROM ({bought}) b"  # noqa: S608
                " WHERE first_on <= %(on)s",
                {**values, "on": self.on},
            )
            pairs = np.array(cursor.fetchall(), dtype=float).reshape(-1, 2)
            ahead = outlook(pairs[:, 0], pairs[:, 1], float(AHEAD_DAYS), Buying.of(model))
            with cursor.copy("COPY lifecycle_outlook FROM STDIN") as copy:
                for (x, days), purchases in zip(pairs.tolist(), ahead.tolist(), strict=True):
                    copy.write_row((int(x), int(days), purchases))
            cursor.execute("ANALYZE lifecycle_outlook")

    def _values(self) -> dict[str, Any]:
        """Everything the statement names, from the rule, the cut points and the model."""
        rule, cuts, model = self.yardstick.rule, self.yardstick.cuts, self.yardstick.model
        return {
            "zone": settings.TIME_ZONE,
            "now": self.now,
            "on": self.on,
            "entities": list(self.entities),
            "newest_adults": newest_year_of_adults(self.now),
            "growing_purchases": rule.growing_purchases,
            "mature_purchases": rule.mature_purchases,
            "mature_spend": rule.mature_spend,
            "dormant_after": rule.dormant_after,
            "lapsed_after": rule.lapsed_after,
            "quiet_for": QUIET_FOR,
            "soon": REFRESH_SOON,
            "later": REFRESH_LATER,
            "rule": rule.pk,
            "yardstick": self.yardstick.pk,
            "measured_on": self.yardstick.measured_on,
            **{name: cuts.get(name) for name in ("r", "f", "m")},
            **{name: model.get(name) for name in ("alpha", "a", "b", "p", "q", "gamma")},
            # The parameter r of the model; the name alone is taken by recency.
            "alpha_r": model.get("r"),
        }


def _written(standing: str) -> str:
    """Update, insert and remove rows, where `standing` says which rows `s` are meant."""
    return _WRITTEN.format(
        condition=standing,
        columns=", ".join(_COLUMNS),
        values=", ".join(_COLUMNS.values()),
        excluded=", ".join(f"excluded.{name}" for name in _COLUMNS),
    )
