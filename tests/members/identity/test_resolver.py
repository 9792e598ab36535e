"""Which member a till means: by card, phone or contact, within its own legal entity."""

from __future__ import annotations

import pytest

from members.identity.models import IdentityKind, Member, MemberState
from members.identity.resolver import member_no_of
from members.identity.rules import face_of, masked_phone, read_phone
from stores.ledger.models import MergedMember
from tests.cast import Cast, an_identity


def test_card_phone_and_contact_lead_to_her(cast: Cast) -> None:
    an_identity(cast.chen, IdentityKind.EXTERNAL_USERID, "wmChen")
    for claim in (
        {"card": cast.chen.card_no},
        {"phone": "13800000001"},
        {"phone": "+86 138-0000-0001"},
        {"external_userid": "wmChen"},
    ):
        assert member_no_of(claim, entity_id=cast.entity.pk) == cast.chen.pk


@pytest.mark.parametrize(
    "claim", [{}, {"card": ""}, {"card": "9"}, {"phone": "x"}, {"external_userid": "wmX"}]
)
def test_who_is_unknown_is_nobody(cast: Cast, claim: dict[str, str]) -> None:
    assert member_no_of(claim, entity_id=cast.entity.pk) is None


def test_another_entitys_till_does_not_know_her(cast: Cast) -> None:
    for claim in ({"card": cast.chen.card_no}, {"phone": "13800000001"}):
        assert member_no_of(claim, entity_id=cast.franchise.pk) is None


def test_a_merged_number_answers_with_the_one_it_became(cast: Cast) -> None:
    MergedMember.objects.create(member_no=cast.chen.pk, into_no=4711)
    assert member_no_of({"card": cast.chen.card_no}, entity_id=cast.entity.pk) == 4711


@pytest.mark.parametrize(
    ("state", "is_known"),
    [(MemberState.LEFT, True), (MemberState.ERASED, False), (MemberState.PENDING, False)],
)
def test_who_left_keeps_her_receipts(cast: Cast, state: str, is_known: bool) -> None:
    Member.objects.filter(pk=cast.chen.pk).update(state=state)
    found = member_no_of({"card": cast.chen.card_no}, entity_id=cast.entity.pk)
    assert (found is not None) is is_known


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("13800000001", "+8613800000001"),
        ("138 0000 0001", "+8613800000001"),
        ("１３８００００００１１", "+8613800000011"),
        ("86-13800000001", "+8613800000001"),
        ("12800000001", None),
        ("1380000000", None),
        ("+1 415 555 0123", None),
    ],
)
def test_phones_are_read_as_people_write_them(typed: str, read: str | None) -> None:
    assert read_phone(typed) == read


def test_what_is_shown_of_a_person() -> None:
    assert masked_phone("+8613800000001") == "138****0001"
    assert masked_phone(None) == ""
    assert face_of("陈静") == "陈"
    assert face_of(" ") == "客"
