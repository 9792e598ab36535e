"""Beside a settlement: approvals wait for it, and it waits for credits that are being written."""

from __future__ import annotations

from datetime import date

import psycopg
import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from stores.commission.actions import approve_plan, propose_plan
from stores.commission.queries import house_zone
from stores.commission.rules import Month
from stores.commission.settling import begin_settlement
from stores.org.access import actor_of
from tests.cast import make_cast
from tests.servers import TestServers
from tests.stores.conversions.builders import TEST

_TERMS = {"rungs": [{"from": 0, "per_mille": 100}]}


@pytest.mark.django_db(transaction=True)
def test_an_approval_waits_for_who_settles(servers: TestServers) -> None:
    cast, now = make_cast(), timezone.now()
    plan = propose_plan(name="一成", terms=_TERMS, effective_from=date(2026, 1, 1), by=TEST)
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '200ms'")
    with psycopg.connect(servers.owner_url) as settling:
        settling.execute("SELECT 1 FROM stores_legalentity FOR UPDATE")
        with pytest.raises(OperationalError, match="lock timeout"):
            approve_plan(plan, account=cast.hq, now=now, by=actor_of(cast.hq))
    with connection.cursor() as cursor:
        cursor.execute("RESET lock_timeout")
    assert approve_plan(plan, account=cast.hq, now=now, by=actor_of(cast.hq))


@pytest.mark.django_db(transaction=True)
def test_who_settles_waits_for_credits_that_left_no_note(servers: TestServers) -> None:
    """Written before the month began to be settled, and seen by nobody yet."""
    cast, now = make_cast(), timezone.now()
    plan = propose_plan(name="一成", terms=_TERMS, effective_from=date(2026, 1, 1), by=TEST)
    approve_plan(plan, account=cast.hq, now=now, by=actor_of(cast.hq))
    entity, month = cast.guomao.entity, Month.of(now, house_zone()).away(-1)
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '200ms'")
    with psycopg.connect(servers.owner_url) as writing:
        writing.execute("LOCK TABLE stores_credit IN ROW EXCLUSIVE MODE")
        with pytest.raises(OperationalError, match="lock timeout"):
            begin_settlement(entity, month, now=now, by=TEST)
    with connection.cursor() as cursor:
        cursor.execute("RESET lock_timeout")
    assert begin_settlement(entity, month, now=now, by=TEST).percent == 0
