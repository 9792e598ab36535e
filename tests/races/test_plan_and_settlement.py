"""A plan is approved while its month is being settled: the approval waits, and is then too late."""

from __future__ import annotations

from datetime import date

import psycopg
import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from stores.commission.actions import approve_plan, propose_plan
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
