"""The tills' door for coupons and the outside master's door: who may, what is answered."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from kit.actions import action, scope_of
from kit.actor import Actor
from members.consent.actions import leave_membership
from members.identity.models import IdentityKind, Member
from members.identity.queries import member_of_identity
from members.privacy.models import Disclosure
from members.rewards.adjusting import ask_adjustment, decide_adjustment
from members.rewards.errors import NotEnoughPoints, OutsideDecides, WantsAnother
from members.rewards.models import (
    Coupon,
    OutsideDifference,
    OutsideMaster,
    PointsAccount,
    PointsAdjustment,
    PointsEntry,
)
from members.rewards.outbound import propose_points
from members.rewards.outside import compare_with_outside
from members.rewards.queries import coupons_to_use
from stores.org.access import actor_of
from stores.org.keys import digest_of, new_key
from stores.org.models import Account, MachineKey
from tests.cast import Cast, a_member
from tests.members.builders import TESTER, a_welcome_gift
from tests.members.rewards.builders import a_points_rule, an_outside_master

REDEEM, RETURN = "/api/v1/coupons/redeem/", "/api/v1/coupons/return/"
BALANCES, CHANGES = "/api/v1/outside/balances/", "/api/v1/outside/changes/"


def a_key(source: str, *scopes: str, **fields: Any) -> dict[str, str]:
    """A machine's key, as its header."""
    plain = new_key()
    MachineKey.objects.create(
        name=source, source=source, digest=digest_of(plain), scopes=list(scopes), **fields
    )
    return {"Authorization": f"Bearer {plain}"}


@pytest.fixture
def till(cast: Cast) -> dict[str, str]:
    return a_key("till", "coupons:redeem")


@pytest.fixture
def coupon(cast: Cast) -> Coupon:
    return Coupon.objects.create(
        kind=a_welcome_gift(cast.entity, minimum_spend=30_000), member=cast.chen, number="777",
        once="x", expires_at=timezone.now() + timedelta(days=1),
    )  # fmt: skip


def redeem(header: dict[str, str], **told: Any) -> tuple[int, Any]:
    body = {"number": "777", "receipt_no": "R1", "store": "S001", **told}
    answer = Client().post(REDEEM, body, content_type="application/json", headers=header)
    return answer.status_code, answer.json()


def test_a_till_takes_a_coupon_once(cast: Cast, till: dict[str, str], coupon: Coupon) -> None:
    assert redeem(till, amount=29_999)[0] == 422
    status, said = redeem(till, amount=30_000)
    assert (status, said["outcome"], said["amount"]) == (201, "redeemed", 3000)
    status, said = redeem(till, amount=30_000)
    assert (status, said["outcome"]) == (200, "known")
    assert redeem(till, receipt_no="R2")[0] == 409
    back = {"number": "777", "receipt_no": "R1"}
    for returned in (1, 0):
        answer = Client().post(RETURN, back, content_type="application/json", headers=till)
        assert answer.json() == {"returned": returned}
    assert redeem(till, receipt_no="R2", amount=30_000)[0] == 201


def test_what_is_not_this_tills_to_take(cast: Cast, till: dict[str, str], coupon: Coupon) -> None:
    # Another company's store and a number that never was are answered alike.
    assert redeem(till, store="S002")[0] == 404
    assert redeem(till, number="778")[0] == 404
    assert redeem(a_key("other", "purchases:write"))[0] == 403
    assert redeem(a_key("wangjing", "coupons:redeem", store=cast.wangjing))[0] == 400
    Coupon.objects.update(expires_at=timezone.now())
    assert redeem(till)[0] == 422


def tell(header: dict[str, str], *lines: object) -> list[str]:
    body = "\n".join(json.dumps(line) for line in lines)
    answer = Client().post(BALANCES, body, content_type="application/x-ndjson", headers=header)
    assert answer.status_code == 200, answer.content
    return [json.loads(line)["outcome"] for line in answer.content.splitlines()]


@pytest.fixture
def erp(cast: Cast) -> dict[str, str]:
    an_outside_master(cast.entity)
    return a_key("erp", "balances:write", "balances:read")


def test_who_left_holds_no_coupon_that_a_till_would_take(cast: Cast, coupon: Coupon) -> None:
    with scope_of(TESTER):
        assert list(coupons_to_use(cast.chen, timezone.now())) == [coupon]
    leave_membership(cast.chen.pk, by=TESTER)
    with scope_of(TESTER):
        assert list(coupons_to_use(cast.chen, timezone.now())) == []


def test_the_highest_sequence_wins_whatever_the_order(cast: Cast, erp: dict[str, str]) -> None:
    card = cast.chen.card_no
    second = {"card": card, "their_no": "E9", "sequence": 2, "points": 50, "tier": "gold"}
    first = {"card": card, "sequence": 1, "points": 900}
    third = {"their_no": "E9", "sequence": 3, "points": 70}
    assert tell(erp, second, first, second, third) == ["applied", "stale", "known", "applied"]
    assert tell(erp, {**third, "points": 71}) == ["refused"]
    assert PointsAccount.objects.get(member=cast.chen).balance == 70
    assert Member.objects.get(pk=cast.chen.pk).tier == "gold"
    assert member_of_identity(cast.entity, IdentityKind.TILL, "erp:E9") == cast.chen
    assert PointsEntry.objects.count() == 2


def test_each_line_at_fault_is_named_and_the_others_count(cast: Cast, erp: dict[str, str]) -> None:
    good = {"card": cast.chen.card_no, "sequence": 1, "points": 5}
    bad: list[object] = [
        {"sequence": 1, "points": 5},
        {"card": "x", "sequence": 0, "points": 5},
        {"card": "x", "sequence": 1, "points": -5},
        {"card": "x", "sequence": 1, "tier": "platinum"},
        {"card": "x", "sequence": True, "points": 5},
        [1],
    ]
    stranger = {"card": "9999", "sequence": 1, "points": 5}
    elsewhere = a_member("", owner=cast.ma, store=cast.wangjing)
    other = {**good, "card": elsewhere.card_no}
    assert tell(erp, *bad, good, stranger, other) == [
        *["refused"] * len(bad), "applied", "unknown_member", "unknown_member",
    ]  # fmt: skip


def test_whose_system_decides_nothing_finds_no_door(cast: Cast, erp: dict[str, str]) -> None:
    stranger = a_key("crm", "balances:write", "balances:read")
    answer = Client().get(CHANGES, headers=stranger)
    assert answer.status_code == 404


@action
def propose(member: Member, points: int, once: str, *, by: Actor) -> None:
    propose_points(member, points, once=once, source="line:x", at=timezone.now())


def test_our_earnings_are_fetched_by_cursor_and_disclosed(cast: Cast, erp: dict[str, str]) -> None:
    for number in range(3):
        propose(cast.chen, 10 + number, f"p{number}", by=TESTER)
    propose(cast.chen, 10, "p0", by=TESTER)
    page = Client().get(CHANGES, {"limit": 2}, headers=erp).json()
    assert [row["points"] for row in page["changes"]] == [10, 11]
    again = Client().get(CHANGES, {"limit": 2}, headers=erp).json()
    assert again == page
    rest = Client().get(CHANGES, {"after": page["cursor"]}, headers=erp).json()
    assert [row["points"] for row in rest["changes"]] == [12]
    assert Client().get(CHANGES, {"after": rest["cursor"]}, headers=erp).json()["changes"] == []
    assert Disclosure.objects.filter(what="outside_changes").count() == 3


def test_differences_are_found_and_end(cast: Cast, erp: dict[str, str]) -> None:
    tell(erp, {"card": cast.chen.card_no, "sequence": 1, "points": 50, "tier": "silver"})
    Member.objects.filter(pk=cast.chen.pk).update(tier="basic")
    master = OutsideMaster.objects.get()
    for _ in range(2):
        found = compare_with_outside(master.pk, at=timezone.now(), by=TESTER)
        assert found["tier"] == 1
    row = OutsideDifference.objects.get()
    assert (row.ours, row.theirs) == ("basic", "silver")
    Member.objects.filter(pk=cast.chen.pk).update(tier="silver")
    compare_with_outside(master.pk, at=timezone.now(), by=TESTER)
    assert OutsideDifference.objects.filter(ended_at=None).count() == 0


def test_a_large_adjustment_wants_a_second_person(cast: Cast) -> None:
    a_points_rule(cast.entity)
    he = actor_of(cast.hq)
    she = actor_of(Account.objects.create_superuser("hq2", "x", name="另一位"))
    small = ask_adjustment(cast.chen.pk, points=500, reason="补发", by=he)
    assert small.is_approved
    large = ask_adjustment(cast.chen.pk, points=501, reason="补发", by=he)
    assert not large.is_approved
    with pytest.raises(WantsAnother):
        decide_adjustment(large.pk, approve=True, by=he)
    for _ in range(2):
        decide_adjustment(large.pk, approve=True, by=she)
    assert PointsAccount.objects.get().balance == 1001
    with pytest.raises(NotEnoughPoints):
        decide_adjustment(
            ask_adjustment(cast.chen.pk, points=-2000, reason="扣", by=he).pk, approve=True, by=she
        )
    assert PointsAdjustment.objects.filter(decided_at=None).count() == 1


def test_where_an_outside_system_decides_nobody_adjusts_here(cast: Cast) -> None:
    an_outside_master(cast.entity)
    with pytest.raises(OutsideDecides):
        ask_adjustment(cast.chen.pk, points=1, reason="补发", by=TESTER)
