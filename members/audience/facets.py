"""The facets of all members as bitmaps in this process's memory, kept current from the feed.

A facet is a yes or no about each member ("gold", "of this store") or a number (the day she last
bought). Between two reads the watermark, a snapshot of PostgreSQL, says exactly up to which
transaction they speak. What no facet says is a leaf: read by SQL once, then kept current alike.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

import numpy as np
from django.utils import timezone
from numpy.typing import NDArray

from members.audience import facts
from members.audience.columns import one_snapshot, read
from members.audience.conditions import OPENED, REACHED
from members.audience.facts import Text, day_of
from members.audience.slices import Ids, Sliced, bitmap_of
from members.consent.models import Purpose
from members.identity.models import Member, Tier
from members.lifecycle.models import Stage

EPOCH: Final = date(2000, 1, 1)
# Members are read so many at a time when everything is read anew.
PORTION: Final = 500_000
_MOST_LEAVES = 48
# A larger share of all members changed: reading everything anew is quicker.
_TOO_MANY = 0.3
WHATS: Final = (
    "member", "consent", "friend", "purchase", "open", "touch", "group", "numbers", "stage", "tag",
)  # fmt: skip
TIERS, PURPOSES, STAGES = Tier.values, Purpose.values, Stage.values
_ACTIVE, _RESTRICTED = 1, 2


def number_of(day: date) -> int:
    """A day as a number ≥ 0."""
    return max(0, (day - EPOCH).days)


@dataclass
class Leaf:
    """What a rule asked that no facet says: how it is read, of whom, and what it depends on."""

    read: Callable[[Collection[int] | None], tuple[Ids, NDArray[np.int64] | None]]
    sources: frozenset[str]
    # Leaves that count days are of one day only.
    day: date | None
    kept: Any = None
    used: int = 0


_DAY = "(({at}) AT TIME ZONE %s)::date - date '2000-01-01'"
_MEMBERS = f"""
SELECT m.id, (CASE m.state WHEN 'active' THEN {_ACTIVE} ELSE 0 END)
  + (CASE WHEN m.restricted_at IS NULL THEN 0 ELSE {_RESTRICTED} END) AS flags,
  COALESCE(array_position(%s::text[], m.tier::text), 0) AS tier, m.home_store_id AS store,
  COALESCE(m.owner_id, 0) AS owner, GREATEST({_DAY.format(at="m.joined_at")}, 0) AS joined,
  COALESCE(m.birth_year, 0) AS born
FROM members_member m WHERE {{some}}
"""  # noqa: S608 - constants of this module
_CONSENTS = """
SELECT s.member_id AS id, array_position(%s::text[], s.purpose::text) AS value
FROM members_consentstate s WHERE s.is_granted AND s.purpose = ANY(%s) AND {some}
"""
_FRIENDS = """
SELECT DISTINCT c.member_id AS id, 1 AS value FROM members_contact c
JOIN members_friendship f ON f.contact_id = c.id AND f.until IS NULL
WHERE c.member_id IS NOT NULL AND {some}
"""
_STAGES = """
SELECT s.member_id AS id, array_position(%s::text[], s.stage::text) AS value
FROM members_memberstage s WHERE s.stage = ANY(%s) AND {some}
"""
_TAGS = "SELECT t.member_id AS id, t.tag_id AS value FROM members_membertag t WHERE {some}"
# Feed rows that this snapshot shows and the one before did not, for the number named and, if it was
# merged, for the one that it means today.
_FEED = f"""
SELECT u.id, array_position(%s::text[], c.what::text) AS what,
  CASE WHEN u.id = COALESCE(m.into_no, c.member_no)
    THEN COALESCE({_DAY.format(at="c.moment")}, 0) ELSE 0 END AS day
FROM members_audiencechange c LEFT JOIN ({facts.MERGED}) m ON m.no = c.member_no,
  LATERAL unnest(ARRAY[c.member_no, m.into_no]) u(id)
WHERE u.id IS NOT NULL AND array_position(%s::text[], c.what::text) IS NOT NULL
  AND c.transaction >= pg_snapshot_xmin(%s::pg_snapshot)::text::bigint
  AND NOT pg_visible_in_snapshot(c.transaction::text::xid8, %s::pg_snapshot)
"""  # noqa: S608 - constants of this module


@dataclass(frozen=True, slots=True)
class _Rows:
    """One kind of facets that are rows of a table: a member has as many as she has rows."""

    kind: str
    sql: str
    column: str
    codes: Sequence[str] | None
    code: Callable[[int], str]

    def read(self, some: Text) -> Mapping[str, Ids]:
        codes = () if self.codes is None else (list(self.codes), list(self.codes))
        return read(_rows_text(self.sql, self.column, some, *codes), ["id", "value"])


def _coded(codes: Sequence[str]) -> Callable[[int], str]:
    return lambda value: codes[value - 1]


def _plain(_: int) -> str:
    return ""


_ROWS = (
    _Rows("consent", _CONSENTS, "s.member_id", PURPOSES, _coded(PURPOSES)),
    _Rows("stage", _STAGES, "s.member_id", STAGES, _coded(STAGES)),
    _Rows("friend", _FRIENDS, "c.member_id", None, _plain),
    _Rows("tag", _TAGS, "t.member_id", None, str),
)


def zone() -> str:
    """The house's time zone by name, for PostgreSQL."""
    return timezone.get_default_timezone_name()


@dataclass
class Facets:
    """All facets up to a watermark. Not for two threads at a time: the holder has the lock."""

    bits: dict[str, Any] = field(default_factory=dict)
    numbers: dict[str, Sliced] = field(default_factory=dict)
    leaves: dict[str, Leaf] = field(default_factory=dict)
    watermark: str = ""
    # When the watermark was taken.
    as_of: datetime = field(default_factory=timezone.now)
    # The last rule worked out and whom it meant, as long as nothing has changed since.
    last: tuple[Any, Any] | None = None
    _turn: int = 0

    # ------------------------------------------------------------ reading everything

    @classmethod
    def read_all(cls) -> Facets:
        """Everything from the tables, in portions; then what changed meanwhile."""
        found = cls()
        with one_snapshot() as snapshot:
            found.watermark, found.as_of = snapshot, timezone.now()
            last = Member.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        for first in range(0, last + 1, PORTION):
            with one_snapshot():
                found._read_rows(Text("{id} > %s AND {id} <= %s", (first, first + PORTION)))
        with one_snapshot():
            found._read_facts(None)
        found.catch_up()
        return found

    def _read_rows(self, some: Text) -> None:
        """The rows of some members; what the facets held about them must be gone."""
        self._put_members(_rows(_MEMBERS, "m.id", some, TIERS, zone()))
        for row in _ROWS:
            self._put_bits(row.kind, row.read(some), row.code)

    def _put_members(self, rows: Mapping[str, Ids]) -> None:
        ids = rows["id"]
        self._add("active", ids[rows["flags"] & _ACTIVE > 0])
        self._add("restricted", ids[rows["flags"] & _RESTRICTED > 0])
        for value in np.unique(rows["tier"]):
            if value:
                self._add(f"tier:{TIERS[int(value) - 1]}", ids[rows["tier"] == value])
        self._put_bits("store", {"id": ids, "value": rows["store"]}, str)
        owned, born = rows["owner"] > 0, rows["born"] > 0
        self.number("owner").put(ids[owned], rows["owner"][owned])
        self.number("born").put(ids[born], rows["born"][born])
        self.number("joined").put(ids, rows["joined"])

    def _put_bits(self, kind: str, rows: Mapping[str, Ids], code: Callable[[int], str]) -> None:
        order = np.argsort(rows["value"], kind="stable")
        ids, values = rows["id"][order], rows["value"][order]
        for part in np.split(np.arange(len(values)), np.flatnonzero(np.diff(values)) + 1):
            if part.size:
                told = code(int(values[part[0]]))
                self._add(f"{kind}:{told}" if told else kind, ids[part])

    def _add(self, name: str, ids: Ids) -> None:
        if ids.size:
            held = self.bits.get(name)
            fresh = bitmap_of(ids)
            if held is None:
                self.bits[name] = fresh
            else:
                held |= fresh

    def number(self, name: str) -> Sliced:
        return self.numbers.setdefault(name, Sliced())

    def _read_facts(self, ids: Collection[int] | None) -> None:
        """The days on which something last happened; `ids` for those of a few."""
        some = None if ids is None else list(ids)
        for name, rows in (
            ("bought", facts.last_bought(some)),
            ("opened", facts.opened(OPENED, ids=some)),
            ("touched", facts.touched(REACHED, ids=some)),
        ):
            day = f"GREATEST({_DAY.format(at='max(at)')}, 0)"
            text = Text(
                f"SELECT who AS id, {day} AS day FROM ({rows.sql}) q GROUP BY who",  # noqa: S608
                (zone(), *rows.params),
            )
            found = read(text, ["id", "day"])
            if some is not None:
                self.number(name).drop(bitmap_of(some))
            self.number(name).raise_to(found["id"], found["day"])

    # ------------------------------------------------------------ what changed

    def catch_up(self) -> int:
        """Take over everything committed since the watermark; how many members were concerned."""
        with one_snapshot() as snapshot:
            return self.move_to(snapshot)

    def move_to(self, snapshot: str) -> int:
        """The same for the snapshot that the caller stands in."""
        now = timezone.now()
        rows = self._news_since(self.watermark)
        everybody = int(np.unique(rows["id"]).size)
        if everybody > PORTION / 5 and everybody > _TOO_MANY * len(self.bits.get("active", ())):
            raise TooMuchChanged
        if everybody:
            self.last = None
            self._take(rows)
        self.watermark, self.as_of = snapshot, now
        return everybody

    def _take(self, rows: Mapping[str, Ids]) -> None:
        by_what = _by_what(rows)
        for what, name in (("purchase", "bought"), ("open", "opened"), ("touch", "touched")):
            if what in by_what:
                told = rows["what"] == WHATS.index(what) + 1
                self._raise_days(name, rows["id"][told], rows["day"][told])
        if "numbers" in by_what:
            self._read_facts(by_what["numbers"].tolist())
        self._take_rows(by_what)
        for leaf in self.leaves.values():
            self._take_leaf(leaf, by_what)

    def _raise_days(self, name: str, ids: Ids, days: NDArray[np.int64]) -> None:
        # Of several days of one member the last counts; a refund alone has none.
        ids, days = ids[days > 0], days[days > 0]
        if not ids.size:
            return
        order = np.lexsort((days, ids))
        ids, days = ids[order], days[order]
        last = np.append(ids[1:] != ids[:-1], True)
        self.number(name).raise_to(ids[last], days[last])

    def _take_rows(self, by_what: Mapping[str, Ids]) -> None:
        if "member" in by_what:
            ids = by_what["member"]
            self._drop(ids, ("active", "restricted", "tier:", "store:"))
            for number in ("owner", "born", "joined"):
                self.number(number).drop(bitmap_of(ids))
            self._put_members(_rows(_MEMBERS, "m.id", _these(ids), TIERS, zone()))
        for row in _ROWS:
            if row.kind in by_what:
                self._drop(by_what[row.kind], (row.kind,))
                self._put_bits(row.kind, row.read(_these(by_what[row.kind])), row.code)

    def _drop(self, ids: Ids, names: Collection[str]) -> None:
        gone = bitmap_of(ids)
        for name in self.bits:
            if name.startswith(tuple(names)):
                self.bits[name] -= gone

    @staticmethod
    def _news_since(watermark: str) -> Mapping[str, Ids]:
        what = list(WHATS)
        text = Text(_FEED, (what, zone(), what, watermark, watermark))
        return read(text, ["id", "what", "day"])

    # ------------------------------------------------------------ leaves

    def hold(self, key: str, leaf: Leaf, watermark: str) -> None:
        """Keep a leaf that was read at a watermark of its own, brought up to everybody's."""
        self.catch_up()
        with one_snapshot():
            # At what is newer than the facets' watermark everything is looked at once more.
            self._take_leaf(leaf, _by_what(self._news_since(watermark)))
        self.leaves[key] = leaf
        self._forget_leaves()

    def kept_leaf(self, key: str, today: date) -> Any:
        """What a leaf holds; None when nobody has read it yet, or only for another day."""
        leaf = self.leaves.get(key)
        if leaf is None or leaf.day not in (None, today):
            return None
        self._turn += 1
        leaf.used = self._turn
        return leaf.kept

    def _take_leaf(self, leaf: Leaf, by_what: Mapping[str, Ids]) -> None:
        concerned = [ids for what, ids in by_what.items() if what in leaf.sources]
        if not concerned:
            return
        changed = np.unique(np.concatenate(concerned))
        ids, values = leaf.read(changed.tolist())
        if values is None:
            leaf.kept -= bitmap_of(changed)
            leaf.kept |= bitmap_of(ids)
        else:
            leaf.kept.drop(bitmap_of(changed))
            leaf.kept.put(ids, values)

    def _forget_leaves(self) -> None:
        today = day_of(timezone.now())
        for key in [key for key, leaf in self.leaves.items() if leaf.day not in (None, today)]:
            del self.leaves[key]
        for key in sorted(self.leaves, key=lambda key: self.leaves[key].used)[:-_MOST_LEAVES]:
            del self.leaves[key]

    # ------------------------------------------------------------ looking at it

    def everything(self) -> dict[str, Any]:
        """Every bitmap by a name: what is compared, measured and kept on disk; leaves apart."""
        found = dict(self.bits)
        for name, numbers in self.numbers.items():
            for place, digits in enumerate(numbers.bitmaps()):
                found[f"#{name}:{place}"] = digits
        return found

    def put_back(self, name: str, members: Any) -> None:
        """The reverse for one of them; the digits of a number come in their order."""
        if not name.startswith("#"):
            self.bits[name] = members
            return
        number, _, place = name[1:].rpartition(":")
        digits = self.number(number)
        if place == "0":
            digits.known = members
            return
        while len(digits.digits) < int(place):
            digits.digits.append(bitmap_of([]))
        digits.digits[int(place) - 1] = members

    def megabytes(self) -> float:
        """What the bitmaps take in memory, leaves included."""
        maps = list(self.everything().values())
        for leaf in self.leaves.values():
            maps += leaf.kept.bitmaps() if isinstance(leaf.kept, Sliced) else [leaf.kept]
        return sum(_bytes_of(one) for one in maps) / 1e6


def read_leaf(leaf: Leaf) -> str:
    """Read a leaf of everybody, outside anybody's lock; the watermark at which that was."""
    with one_snapshot() as snapshot:
        ids, values = leaf.read(None)
    leaf.kept = bitmap_of(ids) if values is None else _sliced(ids, values)
    return snapshot


def _by_what(rows: Mapping[str, Ids]) -> dict[str, Ids]:
    told = {
        what: np.unique(rows["id"][rows["what"] == number]) for number, what in enumerate(WHATS, 1)
    }
    return {what: ids for what, ids in told.items() if ids.size}


def _bytes_of(one: Any) -> int:
    told = one.get_statistics()
    return sum(
        int(told[f"n_bytes_{kind}_containers"]) for kind in ("array", "run", "bitset")
    ) + 16 * int(told["n_containers"])


class TooMuchChanged(Exception):
    """So much changed that everything has to be read anew."""


def _sliced(ids: Ids, values: NDArray[np.int64]) -> Sliced:
    made = Sliced()
    made.put(ids, values)
    return made


def _these(ids: Ids) -> Text:
    return Text("{id} = ANY(%s)", (ids.tolist(),))


def _rows_text(sql: str, column: str, some: Text, *params: Any) -> Text:
    return Text(sql.format(some=some.sql.format(id=column)), (*params, *some.params))


def _rows(sql: str, column: str, some: Text, *params: Any) -> Mapping[str, Ids]:
    names = ["id", "flags", "tier", "store", "owner", "joined", "born"]
    return read(_rows_text(sql, column, some, *params), names)
