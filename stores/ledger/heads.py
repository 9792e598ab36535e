"""How the columns of a file are recognised by their heads. Pure; what they mean, each list says."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_ASIDE = re.compile(r"[\s_\-:：*（(].*$")


@dataclass(frozen=True, slots=True)
class Field:
    """What a column may fill: its title and the heads by which it is recognised."""

    title: str
    heads: tuple[str, ...]


def guess(heads: Sequence[str], fields: Mapping[str, Field]) -> dict[str, int]:
    """Which column fills which field, by the heads; each column and each field once."""
    found: dict[str, int] = {}
    for place, head in enumerate(heads):
        said = head.strip().lower()
        plain = _ASIDE.sub("", said)
        for name, one in fields.items():
            if name not in found and place not in found.values() and {said, plain} & set(one.heads):
                found[name] = place
    return found
