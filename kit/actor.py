"""Who acts, and how far that actor may see. Not: how people sign in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Self
from uuid import UUID

from django.contrib.auth import get_user_model

from kit.fields import read_id


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


_PEOPLE: Final = {
    ActorKind.MEMBER: "会员本人",
    # A word of WeCom's own people, who have no account of ours.
    "wecom": "企业微信成员",
    # Logs are emptied of who was erased, of her key as well.
    "erased": "已清除",
}


def names_of_actors(actors: Iterable[str]) -> dict[str, str]:
    """Each actor by name, for readers: rows keep a key. One query, or none without an account.

    What no person did, the product did by itself.
    """
    accounts, found = {}, {}
    for actor in set(actors):
        kind, _, key = actor.partition(":")
        if kind == ActorKind.ACCOUNT:
            accounts[actor] = _public_id(key)
        else:
            found[actor] = _PEOPLE.get(kind, "系统")
    if not accounts:
        return found
    rows = get_user_model().objects.filter(public_id__in=[key for key in accounts.values() if key])
    names: dict[UUID | None, str] = dict(rows.values_list("public_id", "name"))
    return found | {actor: names.get(key, "已删除的账号") for actor, key in accounts.items()}


def _public_id(key: str) -> UUID | None:
    try:
        return read_id(key)
    except ValueError:
        return None
