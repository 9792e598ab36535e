"""After an erasure no column of any table, and no key of Redis, still holds her (L-26, L-27)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import redis
from django.db import connection
from django.utils import timezone

from kit.actor import Actor
from members.consent.actions import leave_membership
from members.consent.models import ConsentEvent
from members.identity.models import Identity, Member, MemberState
from members.privacy.erasing import digest_of_member, erase_member
from members.privacy.erasure_log import replay_log, write_log
from members.privacy.errors import CannotErase
from members.privacy.models import AccessLog, Disclosure, Erasure, ErasureTrail
from members.privacy.trails import follow_trails
from stores.ledger.models import PurchaseLine, Touch
from tests.cast import Cast
from tests.members.builders import TESTER, run_handlers
from tests.members.privacy.life import Canaries, a_whole_life
from tests.servers import TestServers

pytestmark = pytest.mark.django_db

US = Actor.system("erasure")


def everywhere(canaries: list[str]) -> list[str]:
    """Where a canary still stands: every column of every table, whole rows as text.

    Bytes are shown as hex: a value that was put there unsealed is found too.
    """
    patterns = [f"%{canary.lower()}%" for canary in canaries]
    patterns += [f"%{canary.encode().hex()}%" for canary in canaries]
    with connection.cursor() as cursor:
        # A partitioned table answers for its months.
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
            " AND relkind IN ('r', 'p') AND NOT relispartition ORDER BY 1"
        )
        looks = [
            f"SELECT '{table}', count(*), min(t::text) FROM \"{table}\" t"  # noqa: S608 - catalogue
            " WHERE lower(t::text) LIKE ANY (%(patterns)s)"
            for (table,) in cursor.fetchall()
        ]
        assert len(looks) > 80
        cursor.execute(" UNION ALL ".join(looks), {"patterns": patterns})
        return [f"{table}: {count} {row[:300]}" for table, count, row in cursor.fetchall() if count]


def erased(member: Member) -> None:
    leave_membership(member.pk, by=TESTER)
    run_handlers()
    assert erase_member(member.pk, why="本人要求", by=US) is not None
    run_handlers()
    follow_trails(by=US)


def test_nothing_of_her_is_left_anywhere(cast: Cast, servers: TestServers) -> None:
    her, hers = a_whole_life(cast, 1)
    other, others = a_whole_life(cast, 2)
    assert everywhere(hers.found), "the scan must see her before"
    told = (Touch.objects.filter(member_no=her.pk).count(), PurchaseLine.objects.count())
    decisions = ConsentEvent.objects.filter(member=her).count()
    before = len(everywhere(others.found))
    erased(her)
    assert everywhere(hers.found) == []
    assert ErasureTrail.objects.count() == 0
    # The facts stay, under a number that leads to nobody; so do her decisions, as proof.
    assert Touch.objects.filter(member_no=her.pk).count() == told[0]
    assert PurchaseLine.objects.count() == told[1]
    assert ConsentEvent.objects.filter(member=her).count() > decisions
    her.refresh_from_db()
    assert (her.state, her.name, her.phone) == (MemberState.ERASED, None, None)
    assert not Identity.objects.filter(member=her).exists()
    # Nobody else lost anything.
    assert len(everywhere(others.found)) == before
    other.refresh_from_db()
    assert other.phone == others.phone
    store = redis.Redis.from_url(servers.redis_url)
    kept = [key for key in store.scan_iter(count=1000) if _names(key, hers)]
    kept += [key for key in store.scan_iter(count=1000) if _names(_dump(store, key), hers)]
    store.close()
    assert kept == []


def _names(raw: bytes, hers: Canaries) -> bool:
    return any(canary.encode() in raw for canary in hers.found)


def _dump(store: redis.Redis, key: bytes) -> bytes:
    dumped = store.dump(key)
    return dumped if isinstance(dumped, bytes) else b""


def test_a_member_is_not_erased_before_she_left(cast: Cast) -> None:
    with pytest.raises(CannotErase):
        erase_member(cast.chen.pk, why="x", by=US)


def test_erasing_twice_changes_nothing(cast: Cast) -> None:
    leave_membership(cast.chen.pk, by=TESTER)
    assert erase_member(cast.chen.pk, why="x", by=US) is not None
    assert erase_member(cast.chen.pk, why="x", by=US) is None
    assert Erasure.objects.count() == 1


def test_a_log_that_is_still_being_worked_on_waits_with_its_trail(cast: Cast) -> None:
    her, hers = a_whole_life(cast, 3)
    leave_membership(her.pk, by=TESTER)
    run_handlers()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE wecom_outboxrow SET state = 'planned' WHERE kind = 'remark'")
    erase_member(her.pk, why="x", by=US)
    run_handlers()
    assert follow_trails(by=US) == 0
    assert [line.split(":")[0] for line in everywhere(hers.found)] == ["wecom_outboxrow"]
    with connection.cursor() as cursor:
        cursor.execute("UPDATE wecom_outboxrow SET state = 'sent' WHERE kind = 'remark'")
    assert follow_trails(by=US) == 1
    assert everywhere(hers.found) == []


def test_a_restored_backup_is_cleaned_again(cast: Cast, tmp_path: Path) -> None:
    """The backup of yesterday knows her and no erasure; the file beside it does (L-27)."""
    her, hers = a_whole_life(cast, 4)
    stayed, others = a_whole_life(cast, 5)
    leave_membership(her.pk, by=TESTER)
    run_handlers()
    log = tmp_path / "erasures.jsonl"
    with connection.cursor() as cursor:
        cursor.execute("SAVEPOINT yesterday")
    erase_member(her.pk, why="本人要求", by=US)
    assert write_log(log, by=US) == 1
    with connection.cursor() as cursor:
        cursor.execute("ROLLBACK TO SAVEPOINT yesterday")
    assert everywhere(hers.found)
    assert digest_of_member(her).hex() in log.read_text()
    assert replay_log(log, by=US, at=timezone.now()) == 1
    run_handlers()
    follow_trails(by=US)
    assert everywhere(hers.found) == []
    assert replay_log(log, by=US, at=timezone.now()) == 0
    assert everywhere(others.found)
    stayed.refresh_from_db()
    assert stayed.phone == others.phone


def test_a_dump_shows_no_phone_and_no_name(cast: Cast) -> None:
    """What somebody reads who steals a backup: sealed names and numbers (L-29)."""
    _, hers = a_whole_life(cast, 6)
    sealed = [text for text in hers.found if text.startswith(("name", "+86", "remark", "wechat"))]
    assert len(sealed) >= 4
    assert everywhere(sealed) == [line for line in everywhere(sealed) if line.startswith("wecom_")]
    phone = re.compile(r"(?<![0-9a-f.])1[3-9]\d{9}(?![0-9a-f])")
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT t::text FROM "{table}" t')  # noqa: S608 - from the catalogue
            for (row,) in cursor.fetchall():
                assert not phone.search(row), f"{table}: {row[:200]}"


def test_records_of_the_law_refuse_change_and_early_end(cast: Cast) -> None:
    a_whole_life(cast, 7)
    leave_membership(cast.chen.pk, by=TESTER)
    erase_member(cast.chen.pk, why="x", by=US)
    for model in (AccessLog, Disclosure, Erasure):
        assert model._base_manager.count() >= 1
        for statement in ("UPDATE {} SET at = at", "DELETE FROM {}"):
            assert _refused(statement.format(model._meta.db_table)), model


def _refused(statement: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SAVEPOINT before")
        try:
            cursor.execute(statement)
        except Exception as error:  # noqa: BLE001 - which one is asserted by its words
            cursor.execute("ROLLBACK TO SAVEPOINT before")
            return "is kept for" in str(error)
        return False
