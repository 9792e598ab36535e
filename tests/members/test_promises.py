"""Whatever is done to members in whatever order, what was promised to them holds after each step.

Small by default; `FAULT_TRIALS=full` runs 300 histories of 50 steps.
"""

from __future__ import annotations

import os
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from members.consent.actions import decide, leave_membership
from members.consent.queries import reasons_not, states_unlike_log
from members.identity.errors import CannotPart, NotOnePerson, PartLaterFirst
from members.identity.models import Contact, Identity, Member, MemberState, Merge, MergeReason
from members.identity.uniting import merge_members, undo_merge
from members.privacy.erasing import erase_member
from members.rewards.models import PointsAccount
from members.rewards.queries import accounts_unlike_ledger
from stores.ledger.queries import present_numbers
from tests.cast import Cast, a_member
from tests.members.builders import TESTER
from tests.members.rewards.builders import give_points

FULL = os.environ.get("FAULT_TRIALS") == "full"
PURPOSES = ("direct_marketing", "profiling")
HISTORIES, STEPS = (300, 50) if FULL else (12, 14)
WHO = st.integers(0, 3)


class Promises(RuleBasedStateMachine):
    """Six people at most; each step is an action as a door would call it."""

    cast: Cast

    def __init__(self) -> None:
        super().__init__()
        self.block = transaction.atomic()
        # Each history is rolled back; to our durable actions it looks like the test's own.
        self.block._from_testcase = True  # type: ignore[attr-defined]
        self.block.__enter__()
        self.people: list[int] = []
        self.given = 0
        # What a person ever refused and did not grant again, by her own number.
        self.refused: dict[int, set[str]] = {}

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.block.__exit__(None, None, None)

    def pick(self, who: int) -> Member | None:
        if not self.people:
            return None
        return Member.objects.get(pk=self.people[who % len(self.people)])

    @precondition(lambda self: len(self.people) < 4)
    @rule()
    def join(self) -> None:
        self.register()

    def register(self) -> None:
        if len(self.people) < 6:
            number = len(self.people)
            made = a_member(
                f"第{number}位", owner=self.cast.lin, store=self.cast.guomao,
                phone=f"+861390000{number:04d}",
            )  # fmt: skip
            self.people.append(made.pk)

    @initialize()
    def begin(self) -> None:
        """One who permits everything, one who refused everything, one who was never asked."""
        for who in range(3):
            self.register()
            self.give(who, 10)
        for purpose in PURPOSES:
            self.say(0, purpose, wanted=True)
            self.say(1, purpose, wanted=False)

    @rule(who=WHO, purpose=st.sampled_from(PURPOSES), wanted=st.booleans())
    def say(self, who: int, purpose: str, wanted: bool) -> None:
        member = self.pick(who)
        if member is None or member.state != MemberState.ACTIVE:
            return
        decide(member.pk, {purpose: wanted}, by=TESTER)
        words = self.refused.setdefault(member.pk, set())
        (words.discard if wanted else words.add)(purpose)

    @rule(who=WHO, points=st.integers(1, 50))
    def give(self, who: int, points: int) -> None:
        member = self.pick(who)
        if member is not None and member.state != MemberState.ERASED:
            number = present_numbers([member.pk])[member.pk]
            if Member.objects.get(pk=number).state == MemberState.ERASED:
                return
            self.given += points
            give_points(member, points, f"gift{self.given}:{points}", by=TESTER)

    @rule(one=WHO, gap=st.integers(1, 2))
    def merge(self, one: int, gap: int) -> None:
        first, second = self.pick(one), self.pick(one + gap)
        if first is None or second is None:
            return
        before = {number: self.allowed(number) for number in self.people}
        try:
            made = merge_members(first.pk, second.pk, reason=MergeReason.CARD, by=TESTER)
        except NotOnePerson:
            return
        if made is not None:
            # The stricter wins: what the kept record permits now, both permitted or nobody forbade.
            after = self.allowed(made.kept_id)
            assert after <= before[made.kept_id]
            assert not after & self.refused.get(made.gone_id, set())
            self.refused.setdefault(made.kept_id, set()).update(
                self.refused.get(made.gone_id, set())
            )

    @rule()
    def undo(self) -> None:
        newest = Merge.objects.filter(undone_at=None).order_by("-pk").first()
        if newest is None:
            return
        try:
            undo_merge(newest.pk, by=TESTER)
        except (PartLaterFirst, CannotPart):
            return
        # What came back by it is what held before: both are asked anew from here on.
        for number in (newest.kept_id, newest.gone_id):
            self.refused[number] = set(PURPOSES) - self.allowed(number)

    @rule(who=WHO)
    def leave(self, who: int) -> None:
        member = self.pick(who)
        if member is not None and member.state == MemberState.ACTIVE:
            leave_membership(member.pk, by=TESTER)
            self.refused[member.pk] = set(PURPOSES)

    @rule(who=WHO)
    def erase(self, who: int) -> None:
        member = self.pick(who)
        if member is None or member.state != MemberState.LEFT:
            return
        held = sum(PointsAccount.objects.values_list("balance", flat=True))
        erase_member(member.pk, why="test", by=TESTER)
        self.given -= held - sum(PointsAccount.objects.values_list("balance", flat=True))

    def allowed(self, number: int) -> set[str]:
        now = timezone.now()
        return {
            purpose
            for purpose in PURPOSES
            if not reasons_not([number], purpose, at=now, entity=self.cast.entity)
        }

    @invariant()
    def one_member_per_identity(self) -> None:
        lost = Identity.objects.exclude(member__state__in=[MemberState.ACTIVE, MemberState.LEFT])
        assert not lost.exists()
        assert not Contact.objects.filter(member__state=MemberState.MERGED).exists()

    @invariant()
    def nobody_gets_what_she_refused(self) -> None:
        for number, words in self.refused.items():
            assert not self.allowed(number) & words

    @invariant()
    def only_members_are_written_to(self) -> None:
        for member in Member.objects.exclude(state=MemberState.ACTIVE):
            assert not self.allowed(member.pk)

    @invariant()
    def points_add_up(self) -> None:
        assert accounts_unlike_ledger() == []
        assert sum(PointsAccount.objects.values_list("balance", flat=True)) == self.given
        idle = PointsAccount.objects.filter(balance__gt=0)
        assert not idle.filter(member__state__in=[MemberState.MERGED, MemberState.ERASED]).exists()

    @invariant()
    def the_projection_is_the_log(self) -> None:
        assert states_unlike_log() == []

    @invariant()
    def who_is_erased_is_nowhere(self) -> None:
        for member in Member.objects.filter(state=MemberState.ERASED):
            assert (member.name, member.phone) == (None, None)
            assert not Identity.objects.filter(member=member).exists()
            today = present_numbers([member.pk])[member.pk]
            assert Member.objects.get(pk=today).state == MemberState.ERASED


@pytest.fixture
def machine(cast: Cast) -> type[Promises]:
    cast.chen.delete()
    Identity.objects.all().delete()
    return type("PromisesOfToday", (Promises,), {"cast": cast})


def test_no_history_breaks_a_promise(machine: Any) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=HISTORIES, stateful_step_count=STEPS, deadline=None,
            derandomize=not FULL, database=None,
            suppress_health_check=list(HealthCheck),
            # Shortening a history takes minutes; the short ones here can be read as they are.
            phases=list(Phase) if FULL else [Phase.generate],
        ),
    )  # fmt: skip
