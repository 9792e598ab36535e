"""The same races between processes: two stores register one phone, tills sell while two become one.

What threads share (one interpreter, one clock) these callers do not. `FAULT_TRIALS=full` runs 300
rounds; each round lets everybody go in the same moment.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import Sum
from django.utils import timezone

from members.consent.queries import states_unlike_log
from members.identity.models import Identity, IdentityKind, Member, Merge
from members.registration.actions import request_code
from members.registration.doors import registrant
from members.registration.models import ChannelCode, CodeRequest, Registration
from members.rewards.models import Coupon, PointsAccount, PointsRule
from members.rewards.queries import accounts_unlike_ledger
from stores.conversions.models import Credit
from stores.ledger.models import Ownership
from stores.ledger.queries import present_numbers
from tests.cast import Cast, a_guide, a_member, a_store, make_cast
from tests.members.builders import a_channel_code, a_notice, a_welcome_gift, run_handlers
from tests.members.registration.test_way import visit
from tests.members.rewards.builders import a_points_rule
from tests.processes import wait_for
from tests.races.caller import GATE
from tests.servers import TestServers

pytestmark = pytest.mark.django_db(transaction=True)
FULL = os.environ.get("FAULT_TRIALS") == "full"
ROUNDS = 300 if FULL else 2
# A fork on a machine that is busy with something else.
_PATIENCE = 300.0


class Callers:
    """Processes that do what they are told, all in one moment."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._told = 0

    def at_once(self, *wishes: dict[str, Any]) -> list[str]:
        """What each answered, in order; nobody begins before all of them are at the gate."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s, %s)", GATE)
            try:
                for wish in wishes:
                    self._process.stdin.write(f"{json.dumps(wish)}\n")
                self._process.stdin.flush()
                wait_for(lambda: waiting() == len(wishes), "callers at the gate", _PATIENCE)
            finally:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", GATE)
        said = dict(json.loads(self._process.stdout.readline()) for _ in wishes)
        first, self._told = self._told, self._told + len(wishes)
        return [said[first + place] for place in range(len(wishes))]


def waiting() -> int:
    """How many stand at the gate."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
            " AND classid = %s AND objid = %s",
            GATE,
        )
        return int(cursor.fetchone()[0])


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    made = make_cast()
    a_notice(made.entity)
    a_welcome_gift(made.entity)
    a_points_rule(made.entity)
    PointsRule.objects.update(since=timezone.now() - timedelta(days=900))
    return made


@pytest.fixture
def callers(servers: TestServers, cast: Cast) -> Iterator[Callers]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.races.caller"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **servers.environment()},
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield Callers(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        process.wait(timeout=_PATIENCE)


def typed_at(code: ChannelCode, phone: str) -> dict[str, Any]:
    """She stands in that store with the code that came to her phone."""
    registration = visit(code)
    CodeRequest.objects.all().delete()
    row = request_code(registration.pk, phone=phone, ip="10.0.0.9", by=registrant(code))
    return {
        "do": "prove",
        "registration": registration.pk,
        "code": str(row.code),
        "channel": code.pk,
    }


def test_one_phone_at_two_stores_ends_as_one_member(cast: Cast, callers: Callers) -> None:
    second = a_store("三里屯店", code="S003", region=cast.east, entity=cast.entity)
    guide = a_guide("孙丽", second, employee_no="G009")
    codes = [a_channel_code(cast.lin), a_channel_code(guide)]
    for turn in range(ROUNDS):
        wishes = [typed_at(code, f"+86139{turn:08d}") for code in codes]
        assert callers.at_once(*wishes) == ["yes", "yes"], turn
        visits = Registration.objects.filter(pk__in=[wish["registration"] for wish in wishes])
        [number] = set(visits.values_list("member", flat=True))
        assert Coupon.objects.filter(member=number).count() == 1
        assert Ownership.objects.filter(member_no=number).count() == 1
    assert Identity.objects.filter(kind=IdentityKind.PHONE).count() == ROUNDS + 1
    assert Member.objects.count() == ROUNDS + 1
    assert states_unlike_log() == []


def bought(member: Member, number: str) -> dict[str, Any]:
    """Ten yuan, ten points, served by Lin."""
    receipt = {
        "receipt_no": number,
        "store": "S001",
        "sold_at": timezone.now().isoformat(),
        "member": {"card": member.card_no},
        "served_by": "G001",
        "lines": [{"line": 1, "sku": "SK-1", "quantity": 1, "amount": 1_000}],
    }
    return {"do": "buy", "receipt": receipt}


def total() -> int:
    """Everybody's points; all of them wait for the return window."""
    return int(PointsAccount.objects.aggregate(sum=Sum("pending"))["sum"] or 0)


def test_what_is_sold_while_two_become_one_and_part_is_counted_once(
    cast: Cast, callers: Callers
) -> None:
    for turn in range(1, ROUNDS + 1):
        wang = a_member("", owner=cast.zhou, store=cast.guomao)
        sales = [bought(wang, f"W{turn}"), bought(wang, f"X{turn}"), bought(cast.chen, f"C{turn}")]
        join = {"do": "merge", "first": cast.chen.pk, "second": wang.pk}
        said = callers.at_once(join, join, *sales)
        assert sorted(said) == ["201", "201", "201", "merged", "one already"], said
        run_handlers()
        hers = PointsAccount.objects.filter(member=cast.chen).aggregate(sum=Sum("pending"))["sum"]
        assert hers == total() == 40 * (turn - 1) + 30, turn
        merge = Merge.objects.get(gone=wang)
        said = callers.at_once({"do": "part", "merge": merge.pk}, bought(wang, f"Y{turn}"))
        assert sorted(said) == ["201", "parted"], said
        run_handlers()
        assert total() == 40 * turn
        assert callers.at_once(join) == ["merged"]
        run_handlers()
    assert accounts_unlike_ledger() == []
    assert Credit.objects.count() == 4 * ROUNDS
    buyers = {credit.member_no for credit in Credit.objects.all() if credit.member_no}
    assert set(present_numbers(buyers).values()) == {cast.chen.pk}
