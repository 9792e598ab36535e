"""What makes two records one person, who is asked, and what is never asked again."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from kit.actions import action, scope_of
from kit.actor import Actor
from members.identity.doubles import answer, look_for_doubles, note_traits, open_pairs, weigh
from members.identity.models import IdentityKind, Member, MemberState, MergeSuggestion
from members.identity.rules import (
    CONTRADICTIONS,
    EVIDENCE,
    PROOFS,
    Judgement,
    judge,
    owner_after_merge,
)
from members.identity.steps import contest_identity
from stores.org.access import actor_of
from stores.org.models import Guide
from tests.cast import Cast, a_member, an_identity
from tests.members.builders import TESTER, run_handlers

# A slow machine is no fault of the rules.


@action
def contested(member: Member, other: Member, *, by: Actor = TESTER) -> None:
    contest_identity(member, other, "unionid")


@given(st.sets(st.sampled_from(sorted(EVIDENCE))))
def test_only_proof_that_nothing_contradicts_merges(evidence: set[str]) -> None:
    merges = judge(evidence) is Judgement.MERGE
    assert merges is bool(evidence & PROOFS and not evidence & CONTRADICTIONS)
    if evidence <= {"name_store"} | CONTRADICTIONS:
        assert judge(evidence) is Judgement.NOTHING


def test_who_left_owns_nobody() -> None:
    assert owner_after_merge(kept=1, gone=2, working={1, 2}) == 1
    assert owner_after_merge(kept=1, gone=2, working={2}) == 2
    assert owner_after_merge(kept=1, gone=None, working=set()) is None


@pytest.fixture
def twin(cast: Cast) -> Member:
    """Another card with the same name in the same store, without a proven phone."""
    note_traits(cast.chen.pk, by=TESTER)
    return a_member("陈 静", owner=cast.lin, store=cast.guomao)


def test_a_likely_double_is_asked_about_once(cast: Cast, twin: Member) -> None:
    for _ in range(2):
        for member in (cast.chen, twin):
            look_for_doubles(member.pk, by=TESTER)
    row = MergeSuggestion.objects.get()
    assert (row.first, row.second) == (cast.chen, twin)
    assert set(row.evidence) == {"name_store", "one_unproven"}
    assert Member.objects.get(pk=twin.pk).state == MemberState.ACTIVE


def test_a_name_alone_or_a_name_of_many_says_nothing(cast: Cast) -> None:
    a_member("陈静", owner=cast.lin, store=cast.guomao, phone="+8613911110001")
    look_for_doubles(cast.chen.pk, by=TESTER)
    assert not MergeSuggestion.objects.exists()
    many = [a_member("陈静", owner=cast.lin, store=cast.guomao) for _ in range(7)]
    for last in many:
        look_for_doubles(last.pk, by=TESTER)
    assert MergeSuggestion.objects.filter(second=many[-1]).count() == 0


def test_a_refused_pair_is_not_asked_about_again(cast: Cast, twin: Member) -> None:
    look_for_doubles(twin.pk, by=TESTER)
    answer(MergeSuggestion.objects.get(), is_same=False, by=TESTER)
    look_for_doubles(twin.pk, by=TESTER)
    # Nor through whoever becomes one of the two.
    third = a_member("", owner=cast.lin, store=cast.guomao)
    weigh(cast.chen.pk, third.pk, {"card_shown"}, by=TESTER)
    weigh(third.pk, twin.pk, {"phone_typed"}, by=TESTER)
    assert MergeSuggestion.objects.filter(decided_at=None).count() == 0


def test_who_was_forgotten_since_she_was_listed_stops_nobody(cast: Cast) -> None:
    gone = a_member("过客", owner=cast.lin, store=cast.guomao).pk
    Member.objects.filter(pk=gone).delete()
    assert look_for_doubles(gone, by=TESTER) == 0


def test_only_who_sees_both_is_asked(cast: Cast, twin: Member) -> None:
    look_for_doubles(twin.pk, by=TESTER)

    def asked(guide: Guide) -> int:
        with scope_of(actor_of(guide.account)):
            return open_pairs().count()

    assert [asked(guide) for guide in (cast.lin, cast.manager, cast.zhou, cast.ma)] == [1, 1, 0, 0]
    Member.objects.filter(pk=twin.pk).update(owner=cast.zhou)
    assert [asked(guide) for guide in (cast.lin, cast.manager, cast.zhou)] == [0, 1, 0]


def test_the_guide_answers_and_thinks_again(cast: Cast, twin: Member) -> None:
    look_for_doubles(twin.pk, by=TESTER)
    row = MergeSuggestion.objects.get()
    client = Client()
    client.force_login(cast.lin.account, backend="django.contrib.auth.backends.ModelBackend")
    page = reverse("tablet-pair", args=[row.public_id])
    shown = client.get(page).content.decode()
    assert "138****0001" in shown
    assert "13800000001" not in shown
    assert "同一家门店，姓名相同" in shown
    client.post(page, {"answer": "same"})
    assert Member.objects.get(pk=twin.pk).merged_into == cast.chen
    old = reverse("tablet-member", args=[twin.public_id])
    assert client.get(old, follow=True).status_code == 200
    client.post(reverse("tablet-pair-again", args=[row.public_id]))
    twin.refresh_from_db()
    assert (twin.state, twin.merged_into) == (MemberState.ACTIVE, None)
    row.refresh_from_db()
    assert row.decided_at is None


def test_proof_merges_by_itself_and_contradiction_asks(cast: Cast, twin: Member) -> None:
    an_identity(twin, IdentityKind.UNIONID, "u-1")
    contested(cast.chen, twin, by=TESTER)
    run_handlers()
    assert Member.objects.get(pk=twin.pk).merged_into == cast.chen
    other = a_member("", owner=cast.lin, store=cast.guomao, phone="+8613922223333")
    contested(cast.chen, other, by=TESTER)
    run_handlers()
    assert Member.objects.get(pk=other.pk).merged_into is None
    row = MergeSuggestion.objects.get(second=other)
    assert "both_phones" in row.evidence


def test_an_edit_of_an_old_copy_is_told_and_keeps_the_text(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.lin.account, backend="django.contrib.auth.backends.ModelBackend")
    page = reverse("tablet-member-edit", args=[cast.chen.public_id])
    version = str(Member.objects.get(pk=cast.chen.pk).version)
    assert client.post(page, {"name": "没有版本"}).status_code == 428
    assert client.post(page, {"name": "陈女士", "version": version}).status_code == 302
    late = client.post(page, {"name": "静静", "version": version})
    assert late.status_code == 412
    assert "静静" in late.content.decode()
    assert "陈女士" in late.content.decode()
    assert Member.objects.get(pk=cast.chen.pk).name == "陈女士"
    fresh = {"name": "静静", "version": str(Member.objects.get(pk=cast.chen.pk).version)}
    assert client.post(page, fresh).status_code == 302
    assert Member.objects.get(pk=cast.chen.pk).name == "静静"
