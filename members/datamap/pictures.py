"""The map as a picture: rows, columns and gaps with their places in the drawing's own units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from members.datamap.models import MapDay
from members.datamap.rules import (
    GAPS,
    IDENTIFIERS,
    NO_PLAY,
    NOT_CONNECTED,
    ONLINE,
    TOUCHPOINTS,
    Cells,
    Gap,
    percent,
)

LEFT: Final = 150
TOP: Final = 44
CELL_WIDTH: Final = 96
CELL_HEIGHT: Final = 44
GAP_BETWEEN: Final = 4
# Shades of a cell, by its share.
SHADES: Final = 5
GAP_WIDTH: Final = 200


@dataclass(frozen=True, slots=True)
class Cell:
    """One field of the grid. `shade` 0 is nobody, SHADES everybody."""

    x: int
    y: int
    title: str
    big: str
    small: str
    shade: int


@dataclass(frozen=True, slots=True)
class Marked:
    """One gap with its number and what has become of it since the map before."""

    gap: Gap
    members: int
    share: int
    change: int | None
    at: str
    lacks: str


@dataclass(frozen=True, slots=True)
class Unplayed:
    """A gap that no play closes, and why: so many members without an identifier, or a touchpoint
    where nobody has been met.
    """

    title: str
    members: int | None
    why: str


@dataclass(frozen=True, slots=True)
class Row:
    """One touchpoint: how many are met there, of all and lately, and what they are known by."""

    key: str
    name: str
    y: int
    met: int
    coverage: int
    lately: int
    is_silent: bool
    cells: Sequence[Cell]
    gaps: Sequence[Marked]


@dataclass(frozen=True, slots=True)
class Picture:
    """Everything the page draws."""

    day: MapDay
    rows: Sequence[Row]
    columns: Sequence[tuple[int, str]]
    gaps: Sequence[Marked]
    unplayed: Sequence[Unplayed]
    gaps_at: int
    width: int
    height: int
    before: MapDay | None


def picture_of(day: MapDay, before: MapDay | None) -> Picture:
    """The day's map, its gaps the largest first, with the difference to the map before."""
    cells = Cells.read(day.members, day.cells)
    earlier = None if before is None else Cells.read(before.members, before.cells)
    names = ["会员", "近 90 天", *IDENTIFIERS.values()]
    columns = [(_x(number), name) for number, name in enumerate(names)]
    marked = [_marked(gap, cells, earlier) for gap in GAPS]
    gaps = sorted((gap for gap in marked if gap.members), key=lambda gap: -gap.members)
    rows = [
        _row(number, key, cells, [gap for gap in gaps if gap.gap.at[0] == key])
        for number, key in enumerate(TOUCHPOINTS)
    ]
    return Picture(
        day=day,
        rows=rows,
        columns=columns,
        gaps=gaps,
        unplayed=_unplayed(cells),
        gaps_at=_x(len(names)),
        width=_x(len(names)) + GAP_WIDTH,
        height=_y(len(rows)),
        before=before,
    )


def _x(number: int) -> int:
    return LEFT + number * (CELL_WIDTH + GAP_BETWEEN)


def _y(number: int) -> int:
    return TOP + number * (CELL_HEIGHT + GAP_BETWEEN)


def _row(number: int, key: str, cells: Cells, gaps: Sequence[Marked]) -> Row:
    name = TOUCHPOINTS[key]
    met, lately = cells.met.get(key, 0), cells.lately.get(key, 0)
    y = _y(number)
    fields = [
        _cell(0, y, f"{name}：{met} 位会员", met, cells.members),
        _cell(1, y, f"{name}近 90 天：{lately} 位会员", lately, met),
    ]
    by: Mapping[str, Any] = cells.known.get(key, {})
    for place, (identifier, title) in enumerate(IDENTIFIERS.items(), 2):
        known = by.get(identifier, 0)
        words = f"{name}的会员里，{known} 位有{title}，{met - known} 位没有"
        fields.append(_cell(place, y, words, known, met))
    return Row(
        key=key,
        name=name,
        y=y,
        met=met,
        coverage=percent(met, cells.members),
        lately=lately,
        is_silent=met == 0,
        cells=fields,
        gaps=gaps,
    )


def _cell(place: int, y: int, title: str, part: int, whole: int) -> Cell:
    share = percent(part, whole)
    shade = 0 if part == 0 else max(1, -(-share * SHADES // 100))
    big = f"{share}%" if whole else "—"
    return Cell(_x(place), y, title, big, f"{part:,}" if whole else "", shade)


def _unplayed(cells: Cells) -> list[Unplayed]:
    """What is missing and no message mends, the largest first; then what is silent."""
    lacking = [
        Unplayed(f"没有{IDENTIFIERS[name]}", cells.members - cells.held[name], why)
        for name, why in NO_PLAY.items()
        if cells.members > cells.held.get(name, cells.members)
    ]
    silent = [
        Unplayed(TOUCHPOINTS[name], None, why)
        for name, why in NOT_CONNECTED.items()
        if not cells.met.get(name)
    ]
    return [*sorted(lacking, key=lambda one: -(one.members or 0)), *silent]


def _named(points: Sequence[str]) -> str:
    return "线上" if points == ONLINE else "、".join(TOUCHPOINTS[point] for point in points)


def _marked(gap: Gap, cells: Cells, earlier: Cells | None) -> Marked:
    members = cells.gaps.get(gap.key, 0)
    known_before = earlier is not None and gap.key in earlier.gaps
    return Marked(
        gap=gap,
        members=members,
        share=percent(members, cells.met.get(gap.at[0], 0) if len(gap.at) == 1 else cells.members),
        change=members - earlier.gaps[gap.key] if earlier is not None and known_before else None,
        at=_named(gap.at) if len(gap.at) == 1 else "会员",
        lacks=_named(gap.lacks),
    )
