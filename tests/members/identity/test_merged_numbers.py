"""Facts keep the number under which they were written: who reads and who earns by them after."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from kit.actions import action, scope_of
from kit.actor import Actor
from members.identity.access import actor_of_member, looking_at
from members.identity.models import Member, Merge, MergeReason
from members.identity.uniting import merge_members, undo_merge
from members.profile.lists import last_purchases
from stores.conversions.models import Credit
from stores.ledger.models import Ownership, PurchaseLine, ReceiptMember, Touch
from stores.ledger.steps import end_ownership, set_owner, set_owners
from stores.org.access import actor_of
from stores.org.models import Guide
from tests.cast import Cast, a_guide, a_member, a_store
from tests.members.builders import TESTER
from tests.stores.conversions.builders import let_the_house_react, sell, touch

FACTS: tuple[Any, ...] = (Touch, PurchaseLine, ReceiptMember)


@pytest.fixture
def wang(cast: Cast) -> Member:
    """The same person by her second phone, with facts of her own in another store."""
    far = a_store("金桥店", code="S009", region=cast.east, entity=cast.entity)
    wang = a_member("", owner=cast.zhou, store=cast.guomao, phone="+8613900000002")
    sell("A1", far, member_no=wang.pk, at=timezone.now() - timedelta(days=2))
    sell("A2", far, at=timezone.now() - timedelta(days=1))
    sell("A2", far, member_no=wang.pk, at=timezone.now() - timedelta(days=1))
    Touch.objects.create(kind="scan", member_no=wang.pk, store_no=far.pk, at=timezone.now())
    return wang


def merged(cast: Cast, wang: Member) -> Merge:
    made = merge_members(cast.chen.pk, wang.pk, reason=MergeReason.CONFIRMED, by=TESTER)
    assert made is not None
    cast.chen.refresh_from_db()
    return made


def reads(actor: Actor) -> list[int]:
    with scope_of(actor):
        return [model._default_manager.count() for model in FACTS]


@action
def owned_by(member: Member, guide: Guide | None, *, by: Actor) -> None:
    """Her guide changes as every hand-over does it, or she has none any more."""
    at = timezone.now()
    if guide is None:
        end_ownership(member_no=member.pk, at=at)
    else:
        set_owner(
            member_no=member.pk, guide_no=guide.pk, store_no=guide.store_id, at=at, reason="test"
        )
    Member.objects.filter(pk=member.pk).update(owner=guide)


def owners(cast: Cast, wang: Member) -> list[int]:
    rows = Ownership.objects.filter(member_no__in=[cast.chen.pk, wang.pk], until=None)
    return list(rows.order_by("member_no").values_list("guide_no", flat=True))


def test_she_reads_what_happened_under_her_other_number(cast: Cast, wang: Member) -> None:
    her, colleague = actor_of_member(cast.chen), actor_of(cast.manager.account)
    assert (reads(her), reads(colleague)) == ([0, 0, 0], [0, 0, 0])
    merge = merged(cast, wang)
    # Another store's facts: a manager meets them on her page alone.
    assert (reads(her), reads(colleague)) == ([1, 1, 1], [0, 0, 0])
    assert reads(looking_at(colleague, cast.chen)) == [1, 1, 1]
    undo_merge(merge.pk, by=TESTER)
    assert reads(her) == reads(looking_at(colleague, cast.chen)) == [0, 0, 0]
    assert reads(actor_of_member(wang)) == [1, 1, 1]


def test_merges_of_the_merged_are_read_to_the_last(cast: Cast, wang: Member) -> None:
    first = a_member("", owner=cast.zhou, store=cast.guomao, phone="+8613900000003")
    Touch.objects.create(kind="scan", member_no=first.pk, at=timezone.now())
    merge_members(wang.pk, first.pk, reason=MergeReason.CONFIRMED, by=TESTER)
    merged(cast, wang)
    assert reads(actor_of_member(cast.chen)) == [2, 1, 1]


def test_her_guide_reads_them_whoever_he_is_by_then(cast: Cast, wang: Member) -> None:
    merge = merged(cast, wang)
    new = a_guide("新来", cast.guomao, employee_no="G009")
    assert reads(actor_of(cast.lin.account)) == [1, 1, 1]
    owned_by(cast.chen, new, by=TESTER)
    assert owners(cast, wang) == [new.pk, new.pk]
    assert reads(actor_of(new.account)) == [1, 1, 1]
    assert reads(actor_of(cast.lin.account)) == [0, 0, 0]
    owned_by(cast.chen, None, by=TESTER)
    assert owners(cast, wang) == []
    assert reads(actor_of(new.account)) == [0, 0, 0]
    owned_by(cast.chen, new, by=TESTER)
    undo_merge(merge.pk, by=TESTER)
    assert owners(cast, wang) == [new.pk, cast.zhou.pk]
    assert reads(actor_of(cast.zhou.account)) == [1, 1, 1]


def test_many_at_once_take_their_numbers_along(cast: Cast, wang: Member) -> None:
    merged(cast, wang)
    other = a_member("李", owner=cast.lin, store=cast.guomao)

    @action
    def hand_over(*, by: Actor) -> int:
        return set_owners(
            [cast.chen.pk, other.pk],
            guide_no=cast.zhou.pk,
            store_no=cast.guomao.pk,
            at=timezone.now(),
            reason="handover",
        )

    # Persons are counted, not numbers; the same again changes nothing.
    assert [hand_over(by=TESTER), hand_over(by=TESTER)] == [2, 0]
    assert owners(cast, wang) == [cast.zhou.pk, cast.zhou.pk]


def test_what_the_old_number_buys_later_is_credited_to_her_guide(cast: Cast, wang: Member) -> None:
    merge = merged(cast, wang)
    new = a_guide("新来", cast.guomao, employee_no="G009")
    owned_by(cast.chen, new, by=TESTER)
    touch("visit", new, cast.chen.pk, timezone.now())
    # A till that read the old card before the merge tells its receipt only now.
    sell("B1", cast.guomao, member_no=wang.pk, at=timezone.now())
    let_the_house_react()
    assert credited_guide("B1") == (new.pk, cast.chen.pk)
    # Whoever has no guide any more has none by her other number either.
    owned_by(cast.chen, None, by=TESTER)
    touch("visit", cast.lin, wang.pk, timezone.now())
    touch("visit", cast.zhou, cast.chen.pk, timezone.now())
    sell("B2", cast.guomao, member_no=wang.pk, at=timezone.now())
    let_the_house_react()
    assert credited_guide("B2") == (cast.zhou.pk, cast.chen.pk)
    undo_merge(merge.pk, by=TESTER)
    touch("visit", cast.zhou, wang.pk, timezone.now())
    sell("B3", cast.guomao, member_no=wang.pk, at=timezone.now())
    let_the_house_react()
    assert credited_guide("B3") == (cast.zhou.pk, wang.pk)


def credited_guide(receipt_no: str) -> tuple[int, int | None]:
    credit = Credit.objects.get(receipt_no=receipt_no)
    return credit.guide_no, credit.member_no


def test_a_list_says_when_she_bought_last_by_any_number(cast: Cast, wang: Member) -> None:
    assert last_purchases([cast.chen]) == {}
    merged(cast, wang)
    sold_at = PurchaseLine.objects.filter(member_no=wang.pk).get().sold_at
    assert last_purchases([cast.chen]) == {cast.chen.pk: sold_at}


def test_reading_by_her_numbers_goes_by_the_index_and_asks_once(cast: Cast, wang: Member) -> None:
    merged(cast, wang)
    _many_lines()
    numbers = [cast.chen.pk, wang.pk]
    plan = _plan(
        looking_at(actor_of(cast.lin.account), cast.chen),
        "SELECT * FROM stores_purchaseline WHERE member_no = ANY(%s) ORDER BY sold_at DESC",
        [numbers],
    )
    scans = [node for node in _nodes(plan) if str(node.get("Relation Name", "")).startswith(LINES)]
    # Months that hold a few rows may be read whole; of the nine thousand hardly any are.
    assert sum(node.get("Rows Removed by Filter", 0) for node in scans) < 2_000
    assert "Bitmap Heap Scan" in {node["Node Type"] for node in scans}
    asked = [node for node in _nodes(plan) if "InitPlan" in node.get("Subplan Name", "")]
    assert asked
    assert max(node["Actual Loops"] for node in asked) <= 1
    assert sum(node["Actual Rows"] for node in scans) == 1


LINES = "stores_purchaseline"


def _many_lines() -> None:
    """Enough in each month that an index is worth its while."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO stores_purchaseline (source, receipt_no, line, sku, quantity, amount,"
            " currency, refund_of, member_no, store_no, sold_at, recorded_at)"
            " SELECT 'many', n::text, 1, 'S', 1, 100, 'CNY', '', 1000000 + n, 1,"
            " now() - n * interval '10 minutes', now() FROM generate_series(1, 9000) n"
        )
        cursor.execute("ANALYZE stores_purchaseline")


def _plan(actor: Actor, sql: str, params: list[Any]) -> dict[str, Any]:
    with scope_of(actor), connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", params)
        found = cursor.fetchone()[0]
    read: list[dict[str, Any]] = found if isinstance(found, list) else json.loads(found)
    plan: dict[str, Any] = read[0]["Plan"]
    return plan


def _nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(node for child in plan.get("Plans", ()) for node in _nodes(child))]
