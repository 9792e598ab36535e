"""The papers name every endpoint, act and switch; what they name exists."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

from wecom.sandbox import api
from wecom.sandbox.control.acts import ACTS
from wecom.sandbox.control.letters import FORGERIES
from wecom.sandbox.switches import Values
from wecom.sandbox.wire.registry import ENDPOINTS

PAPERS = Path(__file__).resolve().parents[3] / "docs" / "sandbox"
BEHAVIOURS = 45


def rows_of(paper: str) -> list[str]:
    """The first cell of every row of its tables."""
    lines = (PAPERS / paper).read_text().splitlines()
    return [line.split("|")[1] for line in lines if line.startswith("|")]


def named_paths() -> set[str]:
    """Paths of the table of endpoints, short forms with every beginning they may share.

    ``kf/account/list`, `sync_msg`` names kf/account/sync_msg, which is none, and kf/sync_msg.
    """
    found = set()
    for cell in rows_of("api.md"):
        names = re.findall(r"`([^`]+)`", cell)
        begins = {""} | {
            name[: place.end() - (place[0] == "_")]
            for name in names
            for place in re.finditer("[/_]", name)
        }
        found |= {begin + name for begin in begins for name in names}
    return found | {f"externalcontact/{name}" for name in found}


def is_named(path: str, named: set[str]) -> bool:
    """Whether a row names the path, or a pattern of it."""
    patterns = [name for name in named if "*" in name]
    return path in named or any(
        re.fullmatch(re.escape(pattern).replace(r"\*", r".*"), path) for pattern in patterns
    )


def test_every_endpoint_has_a_row() -> None:
    assert api.ROUTES
    named = named_paths()
    assert sorted(path for path in ENDPOINTS if not is_named(path, named)) == []


def test_every_switch_act_and_forgery_is_told() -> None:
    told = (PAPERS / "control.md").read_text()
    assert [one.name for one in fields(Values) if f"`{one.name}`" not in told] == []
    assert [name for name in [*ACTS, *FORGERIES] if not re.search(rf"\b{name}\b", told)] == []


def test_every_behaviour_says_how_it_is_reached() -> None:
    rows = (PAPERS / "behaviours.md").read_text().splitlines()
    numbered = [row.split("|") for row in rows if re.match(r"\| \d+ \|", row)]
    assert [int(cells[1]) for cells in numbered] == list(range(1, BEHAVIOURS + 1))
    assert all(cells[3].strip() for cells in numbered)
    known = {one.name for one in fields(Values)} | set(ACTS)
    named = {
        name
        for cells in numbered
        for kind, names in re.findall(r"(switch(?:es)?|acts?) ((?:`\w+`(?:, | = )?)+)", cells[3])
        for name in re.findall(r"`([a-z]\w+)`", names)
        if name != "real" and kind
    }
    assert len(named) > 40
    assert named <= known
