"""What reaches the rules as evidence: a phone noted, a customer shared, a card shown."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from members.identity.access import actor_of_member
from members.identity.actions import NewFriend, decide_suggestion, take_friend
from members.identity.doubles import answer, weigh
from members.identity.models import (
    Contact,
    Identity,
    IdentityKind,
    Member,
    MemberState,
    Merge,
    MergeSuggestion,
    Suggestion,
)
from members.identity.rules import Judgement
from members.identity.uniting import undo_merge
from members.registration.models_of_tills import CardCode
from members.registration.tills import show_card
from stores.org.access import actor_of
from tests.cast import Cast, a_member, an_identity
from tests.members.builders import TESTER, a_contact, run_handlers
from tests.stores.ledger.builders import a_key, a_receipt, post
from wecom.gateway.types import ContactCard

CHENS = "138-0000-0001"


@pytest.fixture
def bare(cast: Cast) -> Member:
    """A member whom only an old file knows: no phone of hers is proven."""
    return a_member("", owner=cast.lin, store=cast.guomao)


def told_by_wecom(cast: Cast, contact: Contact, **said: Any) -> None:
    """WeCom's detail of Lin's friend, read again."""
    card = ContactCard(contact.external_userid, "", "", "wechat", said.pop("unionid", ""), ())
    since = contact.friendships.get().since
    take_friend(cast.lin.pk, NewFriend(card, since, **said), by=TESTER)
    run_handlers()


def pairs() -> list[tuple[set[int], set[str]]]:
    return [
        ({row.first_id, row.second_id}, set(row.evidence)) for row in MergeSuggestion.objects.all()
    ]


@pytest.mark.parametrize("said", [{"mobiles": (CHENS,)}, {"remark": f"静姐 {CHENS}"}])
def test_a_phone_noted_beside_a_stranger_is_asked_about(cast: Cast, said: dict[str, Any]) -> None:
    contact = a_contact(cast.lin)
    for _ in range(2):
        told_by_wecom(cast, contact, **said)
    row = Suggestion.objects.get()
    assert (row.contact, row.member, row.guide) == (contact, cast.chen, cast.lin)
    assert Contact.objects.get(pk=contact.pk).member is None


def test_a_phone_noted_beside_another_member_asks_whether_the_two_are_one(
    cast: Cast, bare: Member
) -> None:
    contact = a_contact(cast.lin, member=bare)
    told_by_wecom(cast, contact, mobiles=(CHENS,))
    assert pairs() == [({cast.chen.pk, bare.pk}, {"phone_remarked"})]
    assert not Merge.objects.exists()


def test_a_phone_that_nobody_proved_or_of_another_company_says_nothing(
    cast: Cast, bare: Member
) -> None:
    Identity.objects.filter(member=cast.chen).update(verified_at=None)
    a_member("远方", owner=cast.ma, store=cast.wangjing, phone="+8613955556666")
    told_by_wecom(cast, a_contact(cast.lin), mobiles=(CHENS, "13955556666", "13999999999", ""))
    assert not Suggestion.objects.exists()


def confirmed_by_lin(cast: Cast, member: Member) -> None:
    """Lin was asked whether her friend is Chen; then her friend turned out to be the member."""
    contact = a_contact(cast.lin)
    told_by_wecom(cast, contact, mobiles=(CHENS,))
    Contact.objects.filter(pk=contact.pk).update(member=member)
    decide_suggestion(Suggestion.objects.get().pk, is_same=True, by=actor_of(cast.lin.account))
    run_handlers()


def test_one_customer_confirmed_as_two_with_a_proven_phone_is_one(cast: Cast, bare: Member) -> None:
    confirmed_by_lin(cast, bare)
    merge = Merge.objects.get()
    assert (merge.kept, merge.gone, merge.reason) == (cast.chen, bare, "external")
    assert set(merge.evidence) == {"one_contact", "external_with_phone"}


def test_two_proven_phones_of_one_customer_are_for_a_person(cast: Cast) -> None:
    other = a_member("", owner=cast.zhou, store=cast.guomao, phone="+8613900000002")
    confirmed_by_lin(cast, other)
    assert not Merge.objects.exists()
    assert pairs() == [
        ({cast.chen.pk, other.pk}, {"one_contact", "external_with_phone", "both_phones"})
    ]


def test_a_customer_nobody_has_a_phone_of_is_asked_about(cast: Cast, bare: Member) -> None:
    Identity.objects.filter(member=cast.chen).delete()
    an_identity(cast.chen, IdentityKind.UNIONID, "oUnion")
    contact = a_contact(cast.lin, member=bare)
    told_by_wecom(cast, contact, unionid="oUnion")
    assert pairs() == [({cast.chen.pk, bare.pk}, {"one_contact"})]


def test_a_unionid_that_leads_to_another_member_is_weighed(cast: Cast, bare: Member) -> None:
    an_identity(cast.chen, IdentityKind.UNIONID, "oUnion")
    contact = a_contact(cast.lin, member=bare)
    for _ in range(2):
        told_by_wecom(cast, contact, unionid="oUnion")
    assert Merge.objects.get().reason == "external"
    assert Contact.objects.get(pk=contact.pk).member == cast.chen


def test_no_machine_undoes_a_persons_word(cast: Cast, bare: Member) -> None:
    assert weigh(cast.chen.pk, bare.pk, {"phone_typed"}, by=TESTER) is Judgement.SUGGEST
    answer(MergeSuggestion.objects.get(), is_same=False, by=TESTER)
    assert weigh(cast.chen.pk, bare.pk, {"card_shown"}, by=TESTER) is Judgement.NOTHING
    third = a_member("", owner=cast.lin, store=cast.guomao)
    assert weigh(cast.chen.pk, third.pk, {"card_shown"}, by=TESTER) is Judgement.MERGE
    undo_merge(Merge.objects.get().pk, by=TESTER)
    assert Member.objects.get(pk=third.pk).state == MemberState.ACTIVE


# ---------------------------------------------------------------- at the till


@pytest.fixture
def key(cast: Cast) -> str:
    return a_key("till-1", scopes=("cards:verify", "purchases:write"), store=cast.guomao)


def show(key: str, member: Member, **said: Any) -> int:
    """She shows her card, the till reads it; HTTP's answer."""
    code = show_card(member.pk, by=actor_of_member(member)).text
    answered = Client().post(
        reverse("verify-card"),
        {"code": code, **said},
        content_type="application/json",
        headers={"Authorization": f"Bearer {key}"},
    )
    CardCode.objects.filter(step__gt=0).update(step=-F("pk"))
    run_handlers()
    return int(answered.status_code)


def test_the_tills_own_number_leads_to_whoever_showed_her_card(cast: Cast, key: str) -> None:
    for _ in range(2):
        assert show(key, cast.chen, till_number="T-77") == 200
    row = Identity.objects.get(kind=IdentityKind.TILL)
    assert (row.member, row.value) == (cast.chen, "T-77")
    assert row.verified_at is not None


def test_a_tills_number_of_another_member_makes_them_one(
    cast: Cast, bare: Member, key: str
) -> None:
    an_identity(bare, IdentityKind.TILL, "T-77")
    assert show(key, cast.chen, till_number="T-77") == 200
    merge = Merge.objects.get()
    assert (merge.kept, merge.gone, merge.reason) == (cast.chen, bare, "card")


def told_twice(client: Client, key: str, first: dict[str, str], then: dict[str, str]) -> None:
    assert post(client, key, a_receipt("B1", member=first)).status_code == 201
    assert post(client, key, a_receipt("B1", member=then)).status_code == 409
    assert post(client, key, a_receipt("B1", member=then)).status_code == 409
    run_handlers()


@pytest.mark.parametrize("is_read", [True, False])
def test_a_receipt_of_one_and_then_the_card_of_another(
    cast: Cast, bare: Member, key: str, client: Client, is_read: bool
) -> None:
    an_identity(bare, IdentityKind.EXTERNAL_USERID, "wmBare")
    if is_read:
        show(key, cast.chen)
    told_twice(client, key, {"external_userid": "wmBare"}, {"card": cast.chen.card_no})
    # A number that no till has read from her card may be a slip of the hand.
    assert Merge.objects.filter(reason="card", kept=cast.chen, gone=bare).exists() is is_read


def test_a_phone_after_the_card_or_a_card_of_long_ago_say_nothing(
    cast: Cast, bare: Member, key: str, client: Client
) -> None:
    show(key, cast.chen)
    told_twice(client, key, {"card": bare.card_no}, {"phone": "13800000001"})
    CardCode.objects.update(used_at=timezone.now() - timedelta(days=2))
    post(client, key, a_receipt("B2", member={"phone": "13800000001"}))
    show(key, bare)
    CardCode.objects.update(used_at=timezone.now() - timedelta(days=2))
    post(client, key, a_receipt("B2", member={"card": bare.card_no}))
    run_handlers()
    assert not Merge.objects.exists()
    assert not MergeSuggestion.objects.exists()
