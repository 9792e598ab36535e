"""Two members become one and part again: what moves, what stays, what nobody ever gets by it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from kit.actions import action
from kit.actor import Actor
from members.consent.actions import decide
from members.consent.queries import may, states_unlike_log
from members.identity.access import member_for
from members.identity.errors import NotOnePerson, PartLaterFirst
from members.identity.merging import movers
from members.identity.models import (
    Contact,
    Identity,
    IdentityKind,
    Member,
    MemberState,
    Merge,
    MergeReason,
)
from members.identity.queries import member_by_card, member_by_identity
from members.identity.resolver import member_no_of
from members.identity.uniting import merge_members, undo_merge
from members.rewards.models import Coupon, EntryKind, PointsAccount
from members.rewards.points import add_points, spend_points
from members.rewards.queries import accounts_unlike_ledger
from stores.ledger.models import Ownership
from stores.ledger.queries import numbers_of
from stores.org.access import actor_of
from tests.cast import Cast, a_member, an_identity
from tests.members.builders import TESTER, a_contact, a_welcome_gift, grant

# Facts keep the number under which they were written; readers follow the merge.
FOLLOWED = {
    "stores.Credit",
    "stores.Touch",
    "stores.PurchaseLine",
    "stores.ReceiptMember",
    "stores.Ownership",
    "stores.MergedMember",
    "stores.Origin",
    # Chance put the number on its side; a merged one stays where it was put.
    "stores.Arm",
    # The feed of changes and the nightly checks of audiences count, and are computed anew.
    "members.AudienceChange",
    "members.AudienceCheck",
    "members.MapDay",
    "members.TextReply",
    "members.MemberStage",
}
OF_PEOPLE = {"member_no", "members", "member_nos", "member_id"}


@pytest.fixture
def wang(cast: Cast) -> Member:
    """The same person by her second phone, registered later with Zhou."""
    return a_member("", owner=cast.zhou, store=cast.guomao, phone="+8613900000002")


def merged(cast: Cast, wang: Member, **fields: Any) -> Merge:
    made = merge_members(cast.chen.pk, wang.pk, reason=MergeReason.CONFIRMED, by=TESTER, **fields)
    assert made is not None
    cast.chen.refresh_from_db()
    wang.refresh_from_db()
    return made


@action
def points(member: Member, change: int, once: str, *, by: Actor) -> None:
    if change > 0:
        add_points(member, change, once=once, why="test", kind=EntryKind.ADJUST)
    else:
        spend_points(member, -change, once=once, why="test")


def balance(member: Member) -> int:
    found = PointsAccount.objects.filter(member=member).first()
    return found.balance if found else 0


def test_every_table_with_a_member_is_somebodys_to_move(db: None) -> None:
    held = {
        model._meta.label
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if getattr(field, "related_model", None) is Member
        or (field.name in OF_PEOPLE and isinstance(field, models.BigIntegerField | ArrayField))
    }
    covered = {table for _, mover in movers() for table in mover.tables}
    assert held - covered - FOLLOWED == set()
    assert covered & FOLLOWED == set()


def test_what_was_hers_under_both_is_hers_under_one(cast: Cast, wang: Member) -> None:
    gift = a_welcome_gift(cast.entity)
    now = timezone.now()
    for member, once in ((cast.chen, "welcome"), (wang, "birthday")):
        member.coupons.create(kind=gift, number=once, once=once, expires_at=now + timedelta(days=9))
    contact = a_contact(cast.zhou, external_userid="wmOther", member=wang)
    points(cast.chen, 100, "a", by=TESTER)
    points(wang, 30, "a", by=TESTER)
    merge = merged(cast, wang)
    assert (merge.kept, merge.gone) == (cast.chen, wang)
    assert wang.state == MemberState.MERGED
    assert member_by_identity(IdentityKind.PHONE, "13900000002", cast.entity) == cast.chen
    assert Contact.objects.get(pk=contact.pk).member == cast.chen
    assert cast.chen.coupons.count() == 2
    assert (balance(cast.chen), balance(wang)) == (130, 0)
    assert numbers_of([cast.chen.pk])[cast.chen.pk] == {cast.chen.pk, wang.pk}
    assert accounts_unlike_ledger() == []


def test_old_cards_and_links_lead_on(cast: Cast, wang: Member) -> None:
    merged(cast, wang)
    assert member_by_card(wang.card_no) == cast.chen
    assert member_no_of({"card": wang.card_no}, entity_id=cast.entity.pk) == cast.chen.pk
    assert member_for(TESTER, wang.public_id) == cast.chen


def test_the_guide_who_won_her_first_keeps_her_unless_he_left(cast: Cast, wang: Member) -> None:
    merge = merged(cast, wang)
    assert cast.chen.owner == cast.lin
    owners = Ownership.objects.filter(member_no__in=[cast.chen.pk, wang.pk], until=None)
    assert {row.guide_no for row in owners} == {cast.lin.pk}
    undo_merge(merge.pk, by=TESTER)
    assert {row.guide_no for row in owners.all()} == {cast.lin.pk, cast.zhou.pk}
    cast.lin.left_on = timezone.localdate()
    cast.lin.save()
    merged(cast, wang)
    assert cast.chen.owner == cast.zhou


@pytest.mark.parametrize(
    ("hers", "others", "after"),
    [
        (True, True, True),
        (True, False, False),
        (False, True, False),
        (None, True, False),
        (True, None, True),
        (None, False, False),
    ],
)
def test_the_stricter_word_wins_and_comes_back(
    cast: Cast, wang: Member, hers: bool | None, others: bool | None, after: bool
) -> None:
    for member, word in ((cast.chen, hers), (wang, others)):
        if word is not None:
            decide(member.pk, {"direct_marketing": word}, by=TESTER)

    def allowed(member: Member) -> bool:
        return may(member, "direct_marketing", at=timezone.now(), entity=cast.entity).allowed

    merge = merged(cast, wang)
    assert allowed(cast.chen) is after
    assert not allowed(wang)
    undo_merge(merge.pk, by=TESTER)
    assert allowed(cast.chen) is bool(hers)
    assert allowed(wang) is bool(others)
    assert states_unlike_log() == []


def test_a_refusal_for_one_channel_is_not_lost(cast: Cast, wang: Member) -> None:
    grant(cast.chen, "direct_marketing")
    grant(wang, "direct_marketing")
    decide(wang.pk, {"direct_marketing": False}, channel="sms", by=TESTER)
    merged(cast, wang)
    now = timezone.now()
    assert not may(cast.chen, "direct_marketing", "sms", at=now, entity=cast.entity).allowed
    assert may(cast.chen, "direct_marketing", "wecom", at=now, entity=cast.entity).allowed


def test_what_she_refused_since_is_refused_for_both(cast: Cast, wang: Member) -> None:
    grant(cast.chen, "direct_marketing", "profiling")
    grant(wang, "direct_marketing", "profiling")
    merge = merged(cast, wang)
    decide(cast.chen.pk, {"direct_marketing": False}, by=TESTER)
    undo_merge(merge.pk, by=TESTER)
    now = timezone.now()
    for member in (cast.chen, wang):
        assert not may(member, "direct_marketing", at=now, entity=cast.entity).allowed
        assert may(member, "profiling", at=now, entity=cast.entity).allowed


def test_an_undone_merge_leaves_no_trace_but_its_record(cast: Cast, wang: Member) -> None:
    points(cast.chen, 100, "a", by=TESTER)
    points(wang, 30, "a", by=TESTER)
    an_identity(wang, IdentityKind.UNIONID, "u-wang")
    grant(cast.chen, "profiling")
    before = _picture(cast.chen), _picture(wang)
    merge = merged(cast, wang)
    assert (_picture(cast.chen), _picture(wang)) != before
    undone = undo_merge(merge.pk, by=TESTER)
    assert (_picture(cast.chen), _picture(wang)) == before
    assert undone.left_over == []
    again = undo_merge(merge.pk, by=TESTER)
    assert again.undone_at == undone.undone_at


def _picture(member: Member) -> dict[str, Any]:
    member = Member.objects.get(pk=member.pk)
    return {
        "state": member.state,
        "fields": (member.name, member.phone, member.tier, member.owner_id, member.merged_into_id),
        "points": balance(member),
        "identities": sorted(Identity.objects.filter(member=member).values_list("pk", flat=True)),
        "coupons": sorted(Coupon.objects.filter(member=member).values_list("pk", flat=True)),
        "consents": sorted(member.consents.values_list("purpose", "channel", "is_granted")),
        "numbers": numbers_of([member.pk])[member.pk],
        "owners": sorted(
            Ownership.objects.filter(member_no=member.pk, until=None).values_list(
                "guide_no", flat=True
            )
        ),
    }


def test_what_came_since_stays_and_is_said(cast: Cast, wang: Member) -> None:
    points(cast.chen, 100, "a", by=TESTER)
    points(wang, 30, "a", by=TESTER)
    merge = merged(cast, wang)
    points(cast.chen, 7, "since", by=TESTER)
    points(cast.chen, -127, "shopping", by=TESTER)
    undone = undo_merge(merge.pk, by=TESTER)
    assert (balance(cast.chen), balance(wang)) == (0, 10)
    assert undone.left_over == [
        "积分已被用掉，少还 20 分，请核对",
        "合并后新增的 2 笔积分留在保留的会员名下",
    ]
    assert accounts_unlike_ledger() == []


def test_repeating_changes_nothing_and_later_merges_part_first(cast: Cast, wang: Member) -> None:
    first = merged(cast, wang)
    third = a_member("", owner=cast.zhou, store=cast.guomao, phone="+8613900000003")
    for numbers in ((cast.chen.pk, wang.pk), (wang.pk, cast.chen.pk), (wang.pk, wang.pk)):
        assert merge_members(*numbers, reason=MergeReason.CONFIRMED, by=TESTER) is None
    # Whoever means the gone one means the kept one.
    second = merge_members(wang.pk, third.pk, reason=MergeReason.PHONE, by=TESTER)
    assert second is not None
    assert (second.kept, second.gone) == (cast.chen, third)
    with pytest.raises(PartLaterFirst):
        undo_merge(first.pk, by=TESTER)
    undo_merge(second.pk, by=TESTER)
    undo_merge(first.pk, by=TESTER)
    assert set(Member.objects.values_list("state", flat=True)) == {MemberState.ACTIVE}


@pytest.mark.parametrize("spoil", ["entity", "erased", "restricted"])
def test_who_must_not_become_one_does_not(cast: Cast, wang: Member, spoil: str) -> None:
    spoiled: dict[str, Callable[[], Member]] = {
        "entity": lambda: a_member("", owner=cast.ma, store=cast.wangjing),
        "erased": lambda: _changed(wang, state=MemberState.ERASED),
        "restricted": lambda: _changed(wang, restricted_at=timezone.now()),
    }
    other = spoiled[spoil]()
    with pytest.raises(NotOnePerson):
        merge_members(cast.chen.pk, other.pk, reason=MergeReason.CONFIRMED, by=TESTER)
    assert Merge.objects.count() == 0


def _changed(member: Member, **fields: Any) -> Member:
    Member.objects.filter(pk=member.pk).update(**fields)
    return member


def test_who_sees_a_part_of_the_rows_merges_nobody(cast: Cast, wang: Member) -> None:
    for guide in (cast.lin, cast.manager):
        with pytest.raises(PermissionError):
            merge_members(
                cast.chen.pk, wang.pk, reason=MergeReason.CONFIRMED, by=actor_of(guide.account)
            )
