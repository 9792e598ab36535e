"""Every declared rule: a day before its end a row is there, a day after it is not (L-11)."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from django.utils.module_loading import import_string

from groups.pushes.models import Delivery, Push, PushTask
from kit.actor import Actor
from kit.classified import AtEnd, Grade
from members.consent.actions import leave_membership
from members.identity.models import Friendship, Member, MemberState
from members.privacy.ending import end_memberships, take_warnings_back, warn_silent
from members.privacy.models import Erasure, InactivityWarning
from members.privacy.models_of_duty import RetentionReport
from members.privacy.retaining import (
    _WAITS,
    Rule,
    _is_empty,
    end_batch,
    in_words,
    overdue,
    own_models,
    retain,
    retain_some,
    rules,
)
from stores.ledger.models import MergedMember
from tests.cast import Cast, a_member
from tests.members.builders import TESTER, a_contact
from tests.members.privacy.life import touch
from tests.members.privacy.rows import a_row, a_row_ending

pytestmark = pytest.mark.django_db

US = Actor.system("kept as long as declared")
PERSONAL = {Grade.PERSONAL, Grade.PERSONAL_HIGH, Grade.SENSITIVE}
# Members end by their own way, tried below; facets are counts that each hour writes over.
TIMED = [rule for rule in rules() if rule.table not in {"members.Member", "members.AudienceFacet"}]


_numbers = itertools.count(1)


def _filled(rule: Rule) -> dict[str, Any]:
    """What a rule wants to see in a row besides its moment."""
    given = {name: value for name, value in rule.keep.only.items() if "__" not in name}
    given = {name: value for name, value in given.items() if name != "friendships"}
    for name in rule.keep.columns:
        field = rule.model._meta.get_field(name)
        if hasattr(field, "base_field"):
            given[name] = [1] if "Integer" in type(field.base_field).__name__ else ["wm"]
        elif type(field).__name__ == "JSONField":
            given[name] = {"saw": ["wm"]}
        elif type(field).__name__ == "BinaryField":
            given[name] = b"x"
        else:
            said = f"x{next(_numbers)}{name}"
            given[name] = said[: getattr(field, "max_length", None) or 20]
    return given


def _end(rule: Rule) -> None:
    if rule.keep.by:
        import_string(rule.keep.by)()
    else:
        end_batch(rule, at=timezone.now(), by=US)


def _holds(rule: Rule, row: Any) -> bool:
    found = rule.model._base_manager.filter(pk=row.pk)
    return found.exclude(_is_empty(rule)).exists() if rule.keep.columns else found.exists()


@pytest.mark.parametrize("rule", TIMED, ids=str)
def test_a_rule_is_true_on_its_very_day(rule: Rule) -> None:
    now, day = timezone.now(), timedelta(days=1)
    young, old = (
        a_row_ending(rule.model, rule.keep.after, now - timedelta(days=rule.keep.days) + shift,
                     **_filled(rule))
        for shift in (day, -day)
    )  # fmt: skip
    assert _holds(rule, young)
    assert _holds(rule, old)
    _end(rule)
    assert _holds(rule, young), "kept too short"
    assert not _holds(rule, old), "kept too long"


def test_no_table_with_people_is_without_an_end() -> None:
    endless = [
        model._meta.label
        for model, privacy in own_models()
        if PERSONAL & set(privacy.grades.values())
        and all(rule.at_end == AtEnd.STAYS for rule in privacy.keep)
    ]
    # Machines' digests are graded as secrets, they are nobody's.
    assert [label for label in endless if label != "stores.MachineKey"] == []
    for model, privacy in own_models():
        for rule in privacy.keep:
            assert in_words(rule), model
            if rule.at_end == AtEnd.STAYS:
                assert not rule.words.isascii(), f"{model._meta.label}: {rule.words}"
            if rule.owner:
                model._meta.get_field(rule.owner)


# Ten thousand guides and fifteen million members make millions of rows of each.
MILLIONS = {
    "members.Member", "members.Friendship", "members.ImportedMember", "members.Coupon",
    "members.TodayPick", "members.RosterChoice", "stores.Ownership", "stores.TouchKey",
    "stores.ReceiptKey", "stores.Credit", "stores.Origin", "stores.Arm",
    "groups.GroupMember", "groups.Delivery", "groups.LinkClick",
}  # fmt: skip


def test_of_millions_the_night_reads_what_is_over_alone() -> None:
    unheard = {
        rule.table
        for rule in rules()
        if rule.table in MILLIONS
        and not any(index.fields[:1] == [rule.keep.after] for index in rule.model._meta.indexes)
    }
    assert unheard == set()
    assert {rule.table for rule in rules()} >= MILLIONS


def test_the_night_writes_what_it_did_and_what_it_could_not(cast: Cast) -> None:
    rule = next(rule for rule in TIMED if rule.table == "members.Suggestion")
    old = timezone.now() - timedelta(days=400)
    for _ in range(5):
        a_row_ending(rule.model, "made_at", old)
    assert retain(at=timezone.now(), by=US, batch=2, most=4) >= 4
    line = RetentionReport.objects.get(table="members.Suggestion")
    assert (line.done, line.left, line.error) == (4, 1, _WAITS)
    retain(at=timezone.now(), by=US)
    last = RetentionReport.objects.filter(table="members.Suggestion").order_by("-pk")[0]
    assert last.left == 0


def test_a_night_in_portions_comes_to_the_same(cast: Cast) -> None:
    """Each portion is stopped after one batch; the next goes on where it stopped."""
    old = timezone.now() - timedelta(days=3000)
    chosen = [rule for rule in TIMED if rule.table in {"members.Suggestion", "groups.Push"}]
    for rule in chosen:
        for _ in range(5):
            a_row_ending(rule.model, rule.keep.after, old)
    waiting = {rule.table: overdue(rule, timezone.now()).count() for rule in chosen}
    assert min(waiting.values()) >= 5
    place: int | None = 0
    portions, ended = 0, 0
    while place is not None:
        done = retain_some(place, at=timezone.now(), by=US, batch=2, is_enough=lambda: True)
        assert done.next_rule is None or done.next_rule >= place
        place, portions, ended = done.next_rule, portions + 1, ended + done.ended
    assert portions > len(TIMED)
    assert ended >= sum(waiting.values())
    assert [rule.table for rule in chosen if overdue(rule, timezone.now()).exists()] == []


def test_what_another_row_still_needs_stays_and_holds_nobody_up(cast: Cast) -> None:
    now, old = timezone.now(), timezone.now() - timedelta(days=3000)
    free, needed = a_row_ending(Push, "ended_at", old), a_row_ending(Push, "ended_at", old)
    task = a_row(PushTask, push=free)
    a_row(Delivery, push=needed, task=a_row(PushTask, push=needed), at=now)
    retain(at=now, by=US)
    assert list(Push.objects.values_list("pk", flat=True)) == [needed.pk]
    assert not PushTask.objects.filter(pk=task.pk).exists()
    line = RetentionReport.objects.get(table="groups.Push")
    assert (line.done, line.left) == (1, 1)
    assert line.error


def test_a_whole_batch_that_must_stay_does_not_keep_those_behind_it(cast: Cast) -> None:
    now, old = timezone.now(), timezone.now() - timedelta(days=3000)
    needed = [a_row_ending(Push, "ended_at", old) for _ in range(2)]
    for push in needed:
        a_row(Delivery, push=push, task=a_row(PushTask, push=push), at=now)
    for _ in range(3):
        a_row_ending(Push, "ended_at", old)

    retain(at=now, by=US, batch=2)

    assert list(Push.objects.order_by("pk")) == needed


def test_who_left_is_gone_three_years_later(cast: Cast) -> None:
    leave_membership(cast.chen.pk, by=TESTER)
    now = timezone.now()
    for days, state in ((1094, MemberState.LEFT), (1096, MemberState.ERASED)):
        Member.objects.filter(pk=cast.chen.pk).update(left_at=now - timedelta(days=days))
        end_memberships(at=now, by=US)
        cast.chen.refresh_from_db()
        assert cast.chen.state == state
    assert Erasure.objects.get().why == "保存期限届满"


def test_who_is_silent_is_warned_first_and_gone_a_month_later(cast: Cast) -> None:
    now = timezone.now()
    silent = a_member("李雯", owner=cast.lin, store=cast.guomao)
    friend = a_member("王芳", owner=cast.lin, store=cast.guomao)
    Friendship.objects.filter(contact=a_contact(cast.lin, member=friend)).update(until=None)
    Member.objects.filter(pk__in=[silent.pk, friend.pk]).update(joined_at=now - timedelta(days=699))
    assert warn_silent(at=now, by=US) == 0
    Member.objects.filter(pk__in=[silent.pk, friend.pk]).update(joined_at=now - timedelta(days=740))
    assert warn_silent(at=now, by=US) == 1
    assert warn_silent(at=now, by=US) == 0
    assert InactivityWarning.objects.get().member_id == silent.pk
    assert end_memberships(at=now + timedelta(days=29), by=US) == 0
    assert end_memberships(at=now + timedelta(days=31), by=US) == 1
    silent.refresh_from_db()
    friend.refresh_from_db()
    assert (silent.state, friend.state) == (MemberState.ERASED, MemberState.ACTIVE)


def test_a_merge_is_a_sign_of_who_she_was_before(cast: Cast) -> None:
    now = timezone.now()
    Member.objects.filter(pk=cast.chen.pk).update(joined_at=now - timedelta(days=740))
    row = MergedMember.objects.create(
        member_no=cast.chen.pk + 1, into_no=cast.chen.pk, at=now - timedelta(days=600)
    )
    assert warn_silent(at=now, by=US) == 0
    MergedMember.objects.filter(pk=row.pk).update(undone_at=now)
    assert warn_silent(at=now, by=US) == 1


def test_a_sign_of_her_takes_the_warning_back(cast: Cast) -> None:
    now = timezone.now()
    Member.objects.filter(pk=cast.chen.pk).update(joined_at=now - timedelta(days=740))
    assert warn_silent(at=now, by=US) == 1
    touch(cast.chen, cast)
    assert take_warnings_back(at=now, by=US) == 1
    assert end_memberships(at=now + timedelta(days=60), by=US) == 0
