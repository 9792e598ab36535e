"""Bitmaps against SQL: after whatever changes, every rule means the same members in both."""

from __future__ import annotations

import json
import os
import random
import re
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from kit.actions import set_session_scope
from kit.actor import EVERYTHING, Scope
from kit.fields import shown_id
from members.audience.algebra import Algebra, NotRead, Places
from members.audience.columns import one_snapshot
from members.audience.counting import _meant, _members
from members.audience.facets import Facets, read_leaf
from members.audience.hurdles import hurdles
from members.audience.keeping import check, compare, from_stock, keep
from members.audience.rules import check_rule
from members.behaviour.models import BehaviourEvent
from members.consent.actions import decide
from members.consent.models import Purpose
from members.identity.models import Contact, Friendship, Member, MemberState, Tier
from members.tags.models import MemberTag, Tag, TagGroup
from stores.ledger.models import MergedMember, PurchaseLine, ReceiptKey, ReceiptMember, Touch
from tests.cast import Cast, a_member
from tests.members.builders import TESTER, a_contact, grant

FULL = os.environ.get("FAULT_TRIALS") == "full"
ROUNDS, RULES = (40, 30) if FULL else (5, 12)


class World:
    """People to whom things happen by chance, always the same for a seed."""

    def __init__(self, cast: Cast, seed: int) -> None:
        self.cast, self.chance = cast, random.Random(seed)  # noqa: S311
        group = TagGroup.objects.create(name="喜好", source="manual")
        self.tags = [Tag.objects.create(group=group, name=name) for name in ("风衣", "针织")]
        self.people = [cast.chen, *(self.newcomer(number) for number in range(24))]
        self.receipts = 0

    def newcomer(self, number: int) -> Member:
        cast = self.cast
        place = self.chance.choice((cast.guomao, cast.wangjing))
        owner = self.chance.choice((cast.lin, cast.zhou, None)) if place == cast.guomao else None
        return a_member(
            f"人{number}",
            owner=owner,
            store=place,
            tier=self.chance.choice(Tier.values),
            joined_at=self.a_time(),
        )

    def a_time(self) -> datetime:
        return timezone.now() - timedelta(hours=self.chance.randrange(0, 24 * 120))

    def anybody(self) -> Member:
        return self.chance.choice(self.people)

    def happen(self) -> None:
        self.chance.choice(HAPPENINGS)(self)

    # ------------------------------------------------------------ what happens

    def changes_tier(self) -> None:
        Member.objects.filter(pk=self.anybody().pk).update(tier=self.chance.choice(Tier.values))

    def leaves_or_returns(self) -> None:
        state = self.chance.choice((MemberState.LEFT, MemberState.ACTIVE, MemberState.ACTIVE))
        Member.objects.filter(pk=self.anybody().pk).update(state=state)

    def is_restricted(self) -> None:
        at = self.chance.choice((timezone.now(), None, None))
        Member.objects.filter(pk=self.anybody().pk).update(restricted_at=at)

    def says_her_age(self) -> None:
        year = self.chance.choice((1990, timezone.now().year - 15, None))
        Member.objects.filter(pk=self.anybody().pk).update(birth_year=year)

    def changes_owner(self) -> None:
        owner = self.chance.choice((self.cast.lin, self.cast.zhou, self.cast.ma, None))
        Member.objects.filter(pk=self.anybody().pk).update(owner=owner)

    def buys(self) -> None:
        self.receipts += 1
        late = self.chance.random() < 0.3
        member, at = self.anybody(), self.a_time()
        amount = self.chance.choice((5000, 20000, 99900, -5000))
        line = PurchaseLine.objects.create(
            source="till", receipt_no=f"R{self.receipts}", line=1,
            sku=self.chance.choice(("QC-1", "QC-2")), quantity=1, amount=amount,
            member_no=None if late else member.pk, store_no=self.cast.guomao.pk, sold_at=at,
        )  # fmt: skip
        ReceiptKey.objects.create(
            source="till", receipt_no=line.receipt_no, line=1, digest=b"x" * 32,
            purchase_line=line.pk, sold_at=at,
        )  # fmt: skip
        if late:
            ReceiptMember.objects.create(
                source="till", receipt_no=line.receipt_no, member_no=member.pk,
                store_no=self.cast.guomao.pk, actor="test",
            )  # fmt: skip

    def is_touched(self) -> None:
        kind = self.chance.choice(
            ("link_open", "push", "call", "scan", "group_join", "group_leave")
        )
        Touch.objects.create(
            member_no=self.anybody().pk, kind=kind, at=self.a_time(),
            source=self.chance.choice(("g1", "g2")),
        )  # fmt: skip

    def opens_online(self) -> None:
        """In the mini program or the shop; now and then what was kept of it is let go again."""
        if self.chance.random() < 0.2:
            BehaviourEvent.objects.filter(member=self.anybody()).delete()
            return
        number = BehaviourEvent.objects.count() + self.chance.randrange(10**6)
        BehaviourEvent.objects.create(
            member=self.anybody(), kind=self.chance.choice(("opened", "viewed")), at=self.a_time(),
            touchpoint=self.chance.choice(("mini_program", "app")), source="app",
            event_id=str(number),
        )  # fmt: skip
        if self.chance.random() < 0.3:
            # A merge moves what she did.
            moved = BehaviourEvent.objects.filter(member=self.anybody())
            moved.update(member=self.anybody())

    def decides(self) -> None:
        purpose = self.chance.choice(("direct_marketing", "profiling", "birthday"))
        member, wanted = self.anybody(), self.chance.random() < 0.6
        if Member.objects.filter(pk=member.pk, state=MemberState.ACTIVE).exists():
            decide(member.pk, {purpose: wanted}, by=TESTER)

    def makes_friends(self) -> None:
        member = self.anybody()
        guide = self.chance.choice((self.cast.lin, self.cast.ma))
        name = f"wm{member.pk}{guide.pk}"
        if not Contact.objects.filter(external_userid=name).exists():
            a_contact(guide, external_userid=name, member=member)

    def loses_friends(self) -> None:
        rows = Friendship.objects.filter(contact__member=self.anybody(), until=None)
        rows.update(until=timezone.now(), ended_by="customer")

    def contact_moves(self) -> None:
        found = Contact.objects.exclude(member=None).first()
        if found is not None:
            Contact.objects.filter(pk=found.pk).update(member=self.anybody())

    def merges_or_parts(self) -> None:
        gone, kept = self.chance.sample(self.people, 2)
        open_ = MergedMember.objects.filter(undone_at=None)
        if open_.filter(into_no=gone.pk).exists() or open_.filter(member_no=kept.pk).exists():
            return
        if open_.filter(member_no=gone.pk).exists():
            open_.filter(member_no=gone.pk).update(undone_at=timezone.now())
        else:
            MergedMember.objects.create(member_no=gone.pk, into_no=kept.pk)

    def is_tagged(self) -> None:
        tag, member = self.chance.choice(self.tags), self.anybody()
        if self.chance.random() < 0.4:
            MemberTag.objects.filter(tag=tag, member=member).delete()
        else:
            MemberTag.objects.get_or_create(tag=tag, member=member, defaults={"source": "manual"})

    # ------------------------------------------------------------ rules

    def rule(self, depth: int = 0) -> dict[str, Any]:
        """A tree by chance, never deeper than the language allows."""
        shape = self.chance.random()
        if depth < 3 and shape < 0.45:
            children = [self.rule(depth + 1) for _ in range(self.chance.randrange(1, 4))]
            return {self.chance.choice(("all", "any")): children}
        if depth < 4 and shape < 0.65:
            return {"not": self.rule(depth + 1)}
        return self.term()

    def term(self) -> dict[str, Any]:
        chance = self.chance
        window: dict[str, Any] = chance.choice(
            ({}, {"within_days": 30}, {"since": "2026-01-01"}, {"skus": ["QC-1"]})
        )
        bounds: dict[str, Any] = chance.choice(
            ({"at_least": 1}, {"at_most": 0}, {"at_least": 1, "at_most": 2})
        )
        sums = {key: value * 10000 for key, value in bounds.items()}
        a_day = (date(2026, 7, 1) + timedelta(days=chance.randrange(150))).isoformat()
        return chance.choice(
            (
                {"tier": chance.sample(Tier.values, 2)},
                {"store": [chance.choice(("S001", "S002", "S999"))]},
                {"region": ["东区"]},
                {"owner": chance.sample(["G001", "G002", "G003", "X"], 2)},
                {"has_owner": chance.random() < 0.5},
                {"is_friend": chance.random() < 0.5},
                {"in_group": chance.random() < 0.5},
                {"consent": chance.choice(("direct_marketing", "profiling", "birthday"))},
                {"joined_within_days": chance.randrange(1, 120)},
                {"joined_since": a_day},
                {"joined_before": a_day},
                {"purchased_within_days": chance.randrange(1, 120)},
                {"opened_within_days": chance.randrange(1, 120)},
                {"touched_within_days": chance.randrange(1, 120)},
                {"purchased": {**bounds, **window}},
                {"spent": {**sums, **window}},
                {"tag": [shown_id(chance.choice(self.tags).public_id)]},
            )
        )


HAPPENINGS: list[Callable[[World], None]] = [
    World.changes_tier, World.leaves_or_returns, World.is_restricted, World.changes_owner,
    World.says_her_age,
    World.buys, World.buys, World.is_touched, World.is_touched, World.opens_online,
    World.opens_online, World.decides, World.makes_friends, World.loses_friends,
    World.contact_moves, World.merges_or_parts, World.is_tagged,
]  # fmt: skip


def by_bitmaps(facets: Facets, rule: dict[str, Any], scope: Scope, at: datetime) -> set[int]:
    """Whom the rule means by bitmaps, whatever leaves it needs."""
    while True:
        try:
            return set(_members(Algebra(facets, Places.read(), at), rule, scope))
        except NotRead as missing:
            watermark = read_leaf(missing.leaf)
            facets.hold(missing.key, missing.leaf, watermark)


def by_sql(rule: dict[str, Any], scope: Scope, at: datetime) -> set[int]:
    with one_snapshot():
        return set(_meant(rule, scope, at).values_list("pk", flat=True))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("seed", [1, 2, 3, 4] if FULL else [2])
def test_bitmaps_say_what_sql_says(cast: Cast, seed: int) -> None:
    world = World(cast, seed)
    facets = Facets.read_all()
    scopes = [EVERYTHING, Scope(stores=frozenset({cast.guomao.pk})), Scope(guide=cast.lin.pk)]
    for _ in range(ROUNDS):
        for _ in range(12):
            world.happen()
        facets.catch_up()
        at = timezone.now()
        for number in range(RULES):
            rule = world.rule()
            check_rule(rule)
            scope = scopes[number % 3]
            assert by_bitmaps(facets, rule, scope, at) == by_sql(rule, scope, at), rule
    assert compare(facets, Facets.read_all()) == []
    # Leaves read in the first rounds were kept current through the later ones.
    assert facets.leaves


@pytest.mark.django_db(transaction=True)
def test_what_she_opened_online_moves_and_goes_with_its_rows(cast: Cast) -> None:
    other = a_member("吴桐", owner=cast.lin, store=cast.guomao)
    facets, rule = Facets.read_all(), {"opened_within_days": 30}

    def meant() -> set[int]:
        facets.catch_up()
        found = by_bitmaps(facets, rule, EVERYTHING, timezone.now())
        assert found == by_sql(rule, EVERYTHING, timezone.now())
        return found

    assert meant() == set()
    event = BehaviourEvent.objects.create(
        member=cast.chen,
        kind="opened",
        touchpoint="mini_program",
        source="app",
        event_id="1",
        at=timezone.now(),
    )
    assert meant() == {cast.chen.pk}
    BehaviourEvent.objects.filter(pk=event.pk).update(member=other)
    assert meant() == {other.pk}
    BehaviourEvent.objects.all().delete()
    assert meant() == set()


@pytest.mark.django_db(transaction=True)
def test_what_is_still_being_written_is_counted_once_it_is_committed(cast: Cast) -> None:
    """A transaction that began before the watermark and ends after it is not passed over."""
    from django.db import connection, connections

    facets = Facets.read_all()
    other = connections.create_connection("default")
    other.settings_dict.update(connection.settings_dict)
    try:
        with other.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("SET LOCAL scope.everything = 'on'")
            cursor.execute(
                "UPDATE members_member SET tier = 'diamond' WHERE id = %s", [cast.chen.pk]
            )
            # A later transaction commits first: its rows come later and are seen earlier.
            newcomer = a_member("新", owner=None, store=cast.guomao)
            facets.catch_up()
            assert newcomer.pk in facets.bits["active"]
            assert cast.chen.pk not in facets.bits.get("tier:diamond", set())
            cursor.execute("COMMIT")
    finally:
        other.close()
    facets.catch_up()
    assert cast.chen.pk in facets.bits["tier:diamond"]


@pytest.mark.django_db(transaction=True)
def test_the_stock_is_brought_up_to_now_and_the_night_finds_what_is_wrong(cast: Cast) -> None:
    grant(cast.chen, Purpose.PROFILING)
    keep(Facets.read_all(), by=TESTER)
    li = a_member("李", owner=cast.zhou, store=cast.guomao, tier=Tier.GOLD)
    held = from_stock()
    assert li.pk in held.bits["tier:gold"]
    assert compare(held, Facets.read_all()) == []
    held.bits["tier:gold"].discard(li.pk)
    held.number("owner").drop(held.bits["active"])
    report = check(held)
    assert {"facet": "tier:gold", "too_many": 0, "missing": 1} in report.differences
    assert any(line["facet"].startswith("#owner") for line in report.differences)
    assert check().differences == []


@pytest.mark.django_db(transaction=True)
def test_every_hurdle_passes_the_same_in_bitmaps_and_sql(cast: Cast) -> None:
    from members.audience.counting import _counted, _sizes

    world = World(cast, 5)
    for _ in range(60):
        world.happen()
    facets, chosen, at = Facets.read_all(), list(hurdles()), timezone.now()
    for _ in range(3):
        for _ in range(10):
            world.happen()
        facets.catch_up()
        sizes: list[int] = []
        while not sizes:
            try:
                sizes = _sizes(Algebra(facets, Places.read(), at), {}, EVERYTHING, chosen)
            except NotRead as missing:
                facets.hold(missing.key, missing.leaf, read_leaf(missing.leaf))
        assert sizes == _counted({}, EVERYTHING, chosen, at)
        assert sizes == sorted(sizes, reverse=True)
    set_session_scope(EVERYTHING)


LEDGER = ("stores_touch", "stores_purchaseline")


def _tables(
    plan: dict[str, Any], *, of_filters: bool = False, is_filter: bool = False
) -> Iterator[str]:
    """The tables a plan reads, partitions by their table's name; or those that filters read."""
    is_filter = is_filter or plan.get("Parent Relationship") == "SubPlan"
    if "Relation Name" in plan and (is_filter or not of_filters):
        yield re.sub(r"_(\d{6}|other)$", "", plan["Relation Name"])
    for part in plan.get("Plans", ()):
        yield from _tables(part, of_filters=of_filters, is_filter=is_filter)


@pytest.mark.parametrize(
    "rule",
    [
        {"not": {"purchased_within_days": 90}},
        {"any": [{"tier": ["gold"]}, {"opened_within_days": 30}]},
        {"not": {"all": [{"spent": {"at_least": 100}}, {"touched_within_days": 30}]}},
        {"all": [{"not": {"in_group": True}}, {"not": {"not": {"purchased": {"at_most": 0}}}}]},
    ],
)
def test_the_ledger_is_joined_and_never_read_member_by_member(
    cast: Cast, rule: dict[str, Any]
) -> None:
    """A filter that asks millions of rows for each of millions of members would never end."""
    check_rule(rule)
    (plan,) = json.loads(_meant(rule, EVERYTHING, timezone.now()).explain(format="json"))
    assert list(_tables(plan["Plan"]))
    assert not [name for name in _tables(plan["Plan"], of_filters=True) if name in LEDGER]
