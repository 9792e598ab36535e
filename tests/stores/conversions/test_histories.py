"""F-17, F-18: whatever tills and guides tell in whatever order, credit is what the facts say.

An oracle of its own, written from the sentences of the rules and not from their code, says after
each round who is credited and with how much. `FAULT_TRIALS=full` runs 1 000 histories of 50 steps.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from kit.actions import action
from kit.actor import Actor
from stores.conversions.models import Credit, CreditRule
from stores.ledger.models import Ownership, ReceiptKey
from stores.ledger.steps import end_ownership, record_merge, set_owner, undo_merge
from stores.org.models import Guide
from tests.cast import Cast
from tests.stores.conversions.builders import (
    NOON,
    TEST,
    days,
    let_the_house_react,
    own,
    sell,
    touch,
)

FULL = os.environ.get("FAULT_TRIALS") == "full"
HISTORIES, STEPS = (1000, 50) if FULL else (2, 14)
BEGIN = NOON - days(80)
# From here on a second rule counts: shared by all who touched her, three tenths to who served.
SHARED_FROM = BEGIN + days(40)
KINDS = ("visit", "friend", "push", "group_leave")
MEMBERS = (900, 901, 902)
WHO, DAY, SOME = st.integers(0, 2), st.integers(0, 70), st.integers(0, 99)
AMOUNT, PART = st.integers(1, 30_000), st.integers(1, 130)
PARTS = st.lists(PART, max_size=3)


@dataclass
class Sold:
    """A sale line as the test remembers it."""

    name: str
    at: datetime
    amount: int
    member: int | None
    server: Guide | None
    is_told: bool = True
    refunds: list[tuple[datetime, str, int]] = field(default_factory=list)


@dataclass
class Owned:
    """An ownership as the test remembers it."""

    member: int
    guide: int
    since: datetime
    until: datetime | None = None
    handed_from: int | None = None


class Histories(RuleBasedStateMachine):
    """Three guides, three numbers of members of whom two may be one; each step a telling."""

    cast: Cast

    def __init__(self) -> None:
        super().__init__()
        self.block = transaction.atomic()
        # Each history is rolled back; to our durable actions it looks like the test's own.
        self.block._from_testcase = True  # type: ignore[attr-defined]
        self.block.__enter__()
        self.guides = [self.cast.lin, self.cast.zhou, self.cast.ma]
        self.sold: list[Sold] = []
        self.touched: set[tuple[datetime, str, int, int]] = set()
        self.owned: list[Owned] = []
        self.told: list[Callable[[], object]] = []
        self.untold: list[Callable[[], object]] = []
        self.merged: dict[int, int] = {}
        self.clock = BEGIN

    def teardown(self) -> None:
        self.everybody_reacts()
        transaction.set_rollback(True)
        self.block.__exit__(None, None, None)

    def tell(self, telling: Callable[[], object]) -> None:
        self.told.append(telling)
        telling()

    @initialize()
    def begin(self) -> None:
        """A sale under each rule, taken back in parts, by people who were spoken to before."""
        for who, day in enumerate((2, 45)):
            self.touches("visit", who, who, day - 1)
            self.touches("friend", who + 1, who, day - 2)
            self.sells(who, 2, day, 10_001, [30, 50, 40])
        # The third changed hands before she bought, and heard last from who had her before.
        self.belongs_to(0, 2, is_handed=False, later=5)
        self.belongs_to(1, 2, is_handed=False, later=20)
        self.touches("visit", 1, 2, 28)
        self.touches("visit", 0, 2, 29)
        self.sells(2, 2, 30, 5_000, [])

    @rule(who=WHO, server=st.integers(0, 3), day=DAY, amount=AMOUNT, parts=PARTS)
    def sells(self, who: int, server: int, day: int, amount: int, parts: list[int]) -> None:
        self.tell(self.a_sale(who, server, day, amount))
        for part in parts:
            self.take_back(self.sold[-1], max(1, amount * part // 100))

    @rule(who=WHO, day=DAY, amount=AMOUNT)
    def buys_without_a_card_and_shows_it_later(self, who: int, day: int, amount: int) -> None:
        sale = self.a_sale(3, who, day, amount)
        self.tell(sale)
        known = self.sold[-1]
        known.member = MEMBERS[who]
        self.tell(lambda: self.tell_till(known, MEMBERS[who]))

    @rule(server=WHO, day=DAY, amount=AMOUNT, part=PART)
    def a_refund_overtakes_its_sale(self, server: int, day: int, amount: int, part: int) -> None:
        self.untold.append(self.a_sale(0, server, day, amount))
        self.take_back(self.sold[-1], max(1, amount * part // 100))

    @rule(which=SOME)
    def the_overtaken_sale_arrives(self, which: int) -> None:
        if self.untold:
            self.tell(self.untold.pop(which % len(self.untold)))

    @rule(which=SOME, part=PART)
    def takes_back_a_part(self, which: int, part: int) -> None:
        if self.sold:
            sale = self.sold[which % len(self.sold)]
            self.take_back(sale, max(1, sale.amount * part // 100))

    @rule(which=SOME)
    def cancels(self, which: int) -> None:
        if self.sold:
            sale = self.sold[which % len(self.sold)]
            self.take_back(sale, sale.amount)

    @rule(which=SOME)
    def is_told_again(self, which: int) -> None:
        if self.told:
            self.told[which % len(self.told)]()

    @rule(kind=st.sampled_from(KINDS), guide=WHO, who=WHO, day=DAY)
    def touches(self, kind: str, guide: int, who: int, day: int) -> None:
        at, one = BEGIN + days(day), self.guides[guide]
        self.touched.add((at, kind, one.pk, MEMBERS[who]))
        self.tell(lambda: touch(kind, one, MEMBERS[who], at))

    @rule(guide=WHO, who=WHO, is_handed=st.booleans(), later=st.integers(1, 12))
    def belongs_to(self, guide: int, who: int, is_handed: bool, later: int) -> None:
        """A guide leaves, or moves, or she chooses another: from a moment on she is another's."""
        self.clock += days(later)
        one = self.guides[guide]
        for member in self.numbers_of(MEMBERS[who]):
            before = self.owner_row(member)
            if before is not None and before.guide == one.pk:
                continue
            if before is not None:
                before.until = self.clock
            last = [row for row in self.owned if row.member == member]
            handed = last[-1].guide if is_handed and last else None
            self.owned.append(Owned(member, one.pk, self.clock, handed_from=handed))
            pass_on(one, member, self.clock, "handover" if is_handed else "test", by=TEST)

    @rule(who=WHO, later=st.integers(1, 12))
    def belongs_to_nobody(self, who: int, later: int) -> None:
        self.clock += days(later)
        for member in self.numbers_of(MEMBERS[who]):
            before = self.owner_row(member)
            if before is not None:
                before.until = self.clock
            part(member, self.clock, by=TEST)

    @rule(is_one=st.booleans())
    def two_are_one(self, is_one: bool) -> None:
        self.merged = {901: 900} if is_one else {}
        unite(901, 900, is_one=is_one, by=TEST)

    @rule()
    def everybody_reacts(self) -> None:
        let_the_house_react()
        self.credits_are_what_the_facts_say()

    @invariant()
    def nobody_has_two_owners(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM stores_ownership a JOIN stores_ownership b"
                " ON a.member_no = b.member_no AND a.id < b.id"
                " AND tstzrange(a.since, a.until) && tstzrange(b.since, b.until)"
            )
            assert cursor.fetchone() == (0,)

    def a_sale(self, who: int, server: int, day: int, amount: int) -> Callable[[], object]:
        sale = Sold(
            name=f"A{len(self.sold)}", at=BEGIN + days(day), amount=amount,
            member=MEMBERS[who] if who < len(MEMBERS) else None,
            server=self.guides[server] if server < len(self.guides) else None,
        )  # fmt: skip
        self.sold.append(sale)
        member = sale.member
        return lambda: self.tell_till(sale, member)

    def tell_till(self, sale: Sold, member: int | None) -> None:
        sell(
            sale.name, self.cast.guomao, lines=[(1, sale.amount)], at=sale.at,
            member_no=member, served_by=sale.server,
        )  # fmt: skip

    def look_what_is_told(self) -> None:
        keys = ReceiptKey.objects.filter(refund_of="")
        known = set(keys.values_list("receipt_no", flat=True))
        for sale in self.sold:
            sale.is_told = sale.name in known

    def take_back(self, sale: Sold, amount: int) -> None:
        name, at = f"R{sum(len(each.refunds) for each in self.sold)}", sale.at + days(1)
        sale.refunds.append((at, name, amount))
        line = f"{sale.name}/1"
        self.tell(lambda: sell(name, self.cast.guomao, lines=[(1, -amount)], at=at, refund_of=line))

    def owner_row(self, member: int) -> Owned | None:
        return next((o for o in self.owned if o.member == member and o.until is None), None)

    def credits_are_what_the_facts_say(self) -> None:
        rows: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))
        kept: dict[str, int] = defaultdict(int)
        for credit in Credit.objects.all():
            rows[credit.receipt_no][credit.guide_no] += credit.amount
            kept[credit.receipt_no] += credit.kept
        self.look_what_is_told()
        for sale in self.sold:
            expected = self.shares_of(sale) if sale.is_told else {}
            assert near(rows.pop(sale.name, {}), expected), (sale, expected)
            left = sale.amount if expected else 0
            held = {guide: round(share) for guide, share in expected.items()}
            for _, name, amount in sorted(sale.refunds):
                taken = min(amount, left)
                parts = rows.pop(name, {})
                assert -sum(parts.values()) == taken, (sale, name)
                assert set(parts) <= set(held)
                left -= taken
            assert kept[sale.name] == left, sale
        assert not any(rows.values())
        for row in negative_holdings():
            pytest.fail(f"a guide owes for a sale: {row}")

    def shares_of(self, sale: Sold) -> dict[int, Fraction]:
        """Who is credited, from the rules as one says them."""
        numbers = self.numbers_of(sale.member)
        seen = [t for t in self.seen_by(numbers, sale.at) if sale.at - t[0] <= days(30)]
        if sale.at >= SHARED_FROM:
            return self.linear(sale, [guide for *_, guide in seen])
        seen = [t for t in seen if t[1] != "group_leave"]
        owner = self.owner_at(numbers, sale.at)
        if owner is not None and owner in {guide for *_, guide in seen}:
            return {owner: Fraction(sale.amount)}
        if seen:
            return {max(seen)[-1]: Fraction(sale.amount)}
        return {sale.server.pk: Fraction(sale.amount)} if sale.server else {}

    def linear(self, sale: Sold, guides: list[int]) -> dict[int, Fraction]:
        server = sale.server.pk if sale.server else None
        if not guides:
            return {server: Fraction(sale.amount)} if server else {}
        found: dict[int, Fraction] = defaultdict(Fraction)
        rest = Fraction(7, 10) if server else Fraction(1)
        for guide in guides:
            found[guide] += rest * sale.amount / len(guides)
        if server:
            found[server] += Fraction(3, 10) * sale.amount
        return dict(found)

    def numbers_of(self, member: int | None) -> list[int]:
        """Her numbers, the one that means her today first."""
        if member is None:
            return []
        today = self.merged.get(member, member)
        return [today, *(old for old, new in self.merged.items() if new == today)]

    def seen_by(self, numbers: list[int], at: datetime) -> list[tuple[datetime, str, int, int]]:
        """Her touches up to a moment, each with the guide for whom it counts by then."""
        handed = sorted(
            (o for o in self.owned if o.member in numbers and o.handed_from and o.since <= at),
            key=lambda o: (o.since, o.guide),
        )
        found = []
        for when, kind, toucher, member in self.touched:
            if member not in numbers or when > at:
                continue
            guide = toucher
            for over in handed:
                if guide == over.handed_from and when <= over.since:
                    guide = over.guide
            found.append((when, kind, toucher, guide))
        return found

    def owner_at(self, numbers: list[int], at: datetime) -> int | None:
        for number in numbers:
            for row in self.owned:
                if (
                    row.member == number
                    and row.since <= at
                    and (row.until is None or at < row.until)
                ):
                    return row.guide
        return None


def near(found: dict[int, int], expected: dict[int, Fraction]) -> bool:
    """The same guides, each within one cent of the exact share; together exactly the amount."""
    if sum(found.values()) != sum(expected.values()):
        return False
    return all(
        abs(found.get(guide, 0) - expected.get(guide, Fraction())) < 1
        for guide in {*found, *expected}
    )


def negative_holdings() -> list[Any]:
    """Guides who would have to pay for a sale, whatever was taken back of it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(nullif(refund_of, ''), receipt_no || '/' || line) AS sale, guide_no,"
            " sum(amount) FROM stores_credit GROUP BY 1, 2 HAVING sum(amount) < 0"
        )
        return list(cursor.fetchall())


@action
def pass_on(guide: Guide, member_no: int, at: datetime, reason: str, *, by: Actor) -> None:
    set_owner(member_no=member_no, guide_no=guide.pk, store_no=guide.store_id, at=at, reason=reason)


@action
def part(member_no: int, at: datetime, *, by: Actor) -> None:
    end_ownership(member_no=member_no, at=at)


@action
def unite(gone: int, into: int, *, is_one: bool, by: Actor) -> None:
    if is_one:
        record_merge(member_no=gone, into_no=into, at=NOON)
    else:
        undo_merge(member_no=gone, at=NOON)


@pytest.fixture
def machine(cast: Cast) -> Any:
    CreditRule.objects.create(
        name="均分", effective_from=SHARED_FROM, approved_at=NOON,
        terms={
            "ladder": [{"kind": "linear", "window_days": 30}, {"kind": "server"}],
            "server_share": 30,
        },
    )  # fmt: skip
    return type("HistoriesOfToday", (Histories,), {"cast": cast})


def test_no_history_credits_what_the_facts_do_not_say(machine: Any) -> None:
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


def test_the_database_refuses_a_second_owner(cast: Cast) -> None:
    """F-18's control: who slips past the steps meets the constraint."""
    own(cast.lin, 900, BEGIN)
    with pytest.raises(IntegrityError, match="one_owner_per_member"), transaction.atomic():
        Ownership.objects.create(
            member_no=900, guide_no=cast.zhou.pk, store_no=cast.guomao.pk,
            since=BEGIN + days(1), reason="test", actor="test",
        )  # fmt: skip
