"""Somebody who was merged is followed while she is merged on, or parted from whom she became.

Each crossing is brought about every time: whoever follows is seen waiting before the other acts.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from inspect import unwrap
from threading import Event

import pytest
from django.db import connection

from kit.actions import action
from kit.actor import Actor
from members.identity.models import Member, Merge, MergeReason
from members.identity.steps import present_member
from members.identity.uniting import merge_members, undo_merge
from tests.cast import a_member, make_cast
from tests.members.builders import TESTER
from tests.processes import wait_for
from tests.races.together import all_at_once

pytestmark = pytest.mark.django_db(transaction=True)
# Inside one transaction that begins with a lock of our own, as the merge's own first lock would be.
_undo = unwrap(undo_merge)
_merge = unwrap(merge_members)


class Meeting:
    """One follows from `start`; another holds `held`, sees her wait there, and then does `then`."""

    def __init__(self, start: Member, held: Member, then: Callable[[], object]) -> None:
        self.start, self.held, self.then = start.pk, held.pk, then
        self.is_held = Event()
        self.follower = 0
        self.attempts: list[str] = []

    def end(self) -> int:
        """Whom the follower came to; nobody was ended by the database on the way."""
        found, done = all_at_once(
            [partial(self.follow, by=TESTER), partial(self.change, by=TESTER)]
        )
        assert done == self.held, done
        assert sorted(self.attempts) == ["change", "follow"], "they waited for each other"
        assert isinstance(found, int), found
        return found

    @action
    def follow(self, *, by: Actor) -> int:
        self.attempts.append("follow")
        assert self.is_held.wait(30)
        self.follower = _own_pid()
        return present_member(self.start).pk

    @action
    def change(self, *, by: Actor) -> int:
        self.attempts.append("change")
        Member.objects.select_for_update(of=("self",)).get(pk=self.held)
        self.is_held.set()
        wait_for(self._is_waited_for, "the follower to wait for whom we hold")
        self.then()
        return self.held

    def _is_waited_for(self) -> bool:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid() = ANY (pg_blocking_pids(%s))", [self.follower])
            return bool(cursor.fetchone()[0])


def _own_pid() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def three() -> tuple[Member, Member, Member]:
    cast = make_cast()
    one, other = (a_member(name, owner=cast.lin, store=cast.guomao) for name in ("王", "王二"))
    return cast.chen, one, other


def merged(one: Member, other: Member) -> Merge:
    made = merge_members(one.pk, other.pk, reason=MergeReason.CONFIRMED, by=TESTER)
    assert made is not None
    return made


def test_who_waits_lets_go_and_finds_who_parted_meanwhile(transactional_db: None) -> None:
    """The undoing needs both rows: the follower may not keep the one while she waits for the other.

    What she comes to is the parted one herself, no longer whom she was.
    """
    chen, one, _ = three()
    merge = merged(chen, one)
    met = Meeting(merge.gone, merge.kept, partial(_undo, merge.pk, by=TESTER))
    assert met.end() == merge.gone_id


def test_whoever_was_merged_on_meanwhile_is_followed_on(transactional_db: None) -> None:
    chen, one, other = three()
    first = merged(one, other)
    onward = partial(_merge, chen.pk, first.kept_id, reason=MergeReason.CONFIRMED, by=TESTER)
    assert Meeting(first.gone, first.kept, onward).end() == chen.pk


def test_two_undone_at_once_are_looked_for_from_the_beginning(transactional_db: None) -> None:
    """Who waits at the end of a chain has to go back farther than by one."""
    chen, one, other = three()
    first = merged(one, other)
    second = merged(chen, first.kept)
    assert second.gone == first.kept

    def part_both() -> None:
        _undo(second.pk, by=TESTER)
        _undo(first.pk, by=TESTER)

    assert Meeting(first.gone, second.kept, part_both).end() == first.gone_id
