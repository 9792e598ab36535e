"""Who acts, and how far that actor may see. Not: how people sign in."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self


class ActorKind(StrEnum):
    """What sort of actor stands behind a change."""

    ACCOUNT = "account"
    MACHINE = "machine"
    MEMBER = "member"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Scope:
    """The rows an actor may meet; PostgreSQL's row-level security reads the same values.

    `stores` are store keys whose members are visible, `guide` adds the members that this guide
    owns, `member` is one person looking at herself. An empty scope meets no row at all. `entity` is
    the company whose people look: it narrows, to records that are its own or shared with it.
    """

    everything: bool = False
    stores: frozenset[int] = field(default_factory=frozenset)
    guide: int | None = None
    member: int | None = None
    entity: int | None = None

    def settings(self) -> tuple[str, str, str, str, str]:
        """The values of `scope.*` as PostgreSQL wants them: text, empty for nothing."""
        return (
            "on" if self.everything else "",
            ",".join(str(key) for key in sorted(self.stores)),
            "" if self.guide is None else str(self.guide),
            "" if self.member is None else str(self.member),
            "" if self.entity is None else str(self.entity),
        )


NOTHING = Scope()
EVERYTHING = Scope(everything=True)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does it. `key` is a public id or the name of a job, `reason` says why a system acts."""

    kind: ActorKind
    key: str
    scope: Scope = NOTHING
    reason: str = ""

    @classmethod
    def system(cls, reason: str) -> Self:
        """The product itself, for a stated reason; sees everything."""
        return cls(kind=ActorKind.SYSTEM, key="system", scope=EVERYTHING, reason=reason)

    def __str__(self) -> str:
        return f"{self.kind}:{self.key}"
