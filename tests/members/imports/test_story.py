"""A file of members from its upload to its end: tried, taken in, killed, paused, taken back."""

from __future__ import annotations

import io
import os
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from members.consent.models import Channel, ConsentEvent, Purpose
from members.consent.queries import permitted
from members.identity.models import Identity, Member, MemberState, Tier
from members.imports import actions, portions
from members.imports.errors import ImportRefused
from members.imports.models import (
    ImportedMember,
    ImportFault,
    ImportKey,
    ImportPiece,
    ImportState,
    MemberImport,
)
from members.imports.working import carry_on
from stores.ledger.models import Ownership
from stores.org.models import Account
from tests.cast import PASSWORD, Cast, a_member
from tests.members.builders import TESTER, a_notice, grant

BACKEND = "django.contrib.auth.backends.ModelBackend"
HEAD = "手机号,姓名,会员等级,门店,导购工号"


@pytest.fixture(autouse=True)
def _small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(portions, "LINES", 40)


def a_file(rows: list[str], head: str = HEAD) -> io.BytesIO:
    return io.BytesIO("\n".join([head, *rows]).encode())


def people(count: int) -> list[str]:
    return [f"139{n:08d},人{n},金卡,S001,G001" for n in range(count)]


def brought(cast: Cast, rows: list[str], **options: Any) -> MemberImport:
    """A file up to the end of its trial."""
    batch = actions.bring(
        a_file(rows, **options), name="名单.csv", entity=cast.entity, account=cast.hq, by=TESTER
    )
    carry_on(batch.pk)
    batch.refresh_from_db()
    assert batch.state == ImportState.MAPPING, batch.error
    actions.map_columns(batch.pk, mapping=batch.mapping, store_code="S001", by=TESTER)
    carry_on(batch.pk)
    batch.refresh_from_db()
    return batch


def taken(batch: MemberImport) -> MemberImport:
    actions.start(batch.pk, by=TESTER)
    carry_on(batch.pk)
    batch.refresh_from_db()
    return batch


def test_a_trial_writes_no_member_and_says_what_is_wrong(cast: Cast) -> None:
    rows = [
        "13800000001,陈,金卡,S001,", "13900000001,王,,S001,", "139 0000 0001,王又来,,S001,",
        "12,错,,S001,", "13900000002,李,,S777,", "13900000003,赵,白金,,G999",
    ]  # fmt: skip
    batch = brought(cast, rows)
    assert batch.tried == {"known": 1, "new": 2, "twice": 1, "faulty": 2}
    assert Member.objects.count() == 1
    told = {(fault.row, fault.column): fault.is_fatal for fault in ImportFault.objects.all()}
    assert told == {
        (4, "手机号"): True, (5, "手机号"): True, (6, "门店编号"): True,
        (7, "会员等级"): False, (7, "专属导购工号"): False,
    }  # fmt: skip


def test_lines_become_members_with_all_that_belongs_to_them(cast: Cast) -> None:
    batch = taken(brought(cast, people(100)))
    assert (batch.state, batch.counts) == (ImportState.DONE, {"new": 100, "out": 0})
    made = Member.objects.exclude(pk=cast.chen.pk)
    assert made.count() == 100
    one = made.order_by("pk")[7]
    identity = Identity.objects.get(member=one)
    assert one.phone == identity.value
    number = int(str(one.phone).removeprefix("+86139"))
    assert identity.verified_at is None
    assert (one.tier, one.owner_id, one.name) == (Tier.GOLD, cast.lin.pk, f"人{number}")
    assert Ownership.objects.filter(member_no=one.pk, guide_no=cast.lin.pk, until=None).exists()
    # The file is gone, what it made is noted.
    assert not ImportPiece.objects.exists()
    assert not ImportKey.objects.exists()
    assert ImportedMember.objects.filter(batch=batch, is_new=True).count() == 100


def test_nobody_imported_may_be_written_to(cast: Cast) -> None:
    """L-48; ten thousand with IMPORT_ROWS=10000."""
    a_notice(cast.entity)
    count = int(os.environ.get("IMPORT_ROWS", "200"))
    rows = [f"{row},同意,2025-01-01," for row in people(count)]
    taken(brought(cast, rows, head=f"{HEAD},授权,授权时间,凭证"))
    everybody = Member.objects.all()
    assert everybody.count() == count + 1
    for purpose in (Purpose.DIRECT_MARKETING, Purpose.GROUP_MARKETING, Purpose.PROFILING):
        found = permitted(everybody, purpose, Channel.WECOM, at=timezone.now(), entity=cast.entity)
        assert not found.exists()
    assert not ConsentEvent.objects.exists()


def test_a_proven_permission_comes_along_but_never_over_her_own_word(cast: Cast) -> None:
    grant(cast.chen, Purpose.BIRTHDAY)
    from members.consent.actions import decide

    decide(cast.chen.pk, {Purpose.DIRECT_MARKETING: False}, by=TESTER)
    rows = [
        f"{phone},,,S001,,导购一对一消息,2025-01-01,纸质授权书 {n}"
        for n, phone in enumerate(("13800000001", "13900000009"))
    ]
    taken(brought(cast, rows, head=f"{HEAD},授权,授权时间,凭证"))
    newcomer = Identity.objects.exclude(member=cast.chen).get().member
    may = permitted(
        Member.objects.all(), Purpose.DIRECT_MARKETING, at=timezone.now(), entity=cast.entity
    )
    assert list(may) == [newcomer]
    event = ConsentEvent.objects.get(member=newcomer)
    assert event.method == "import"
    assert event.proofs.get().signature == "纸质授权书 1"


def test_what_she_told_herself_stays(cast: Cast) -> None:
    left = a_member("走", owner=None, store=cast.guomao, phone="+8613900000002",
                    state=MemberState.LEFT)  # fmt: skip
    bare = a_member("", owner=None, store=cast.guomao, phone="+8613900000003")
    rows = ["13800000001,别名,钻石卡,S001,G002", "13900000002,走,金卡,S001,G001",
            "13900000003,补名,,S001,G001"]  # fmt: skip
    batch = taken(brought(cast, rows))
    cast.chen.refresh_from_db()
    assert (cast.chen.name, cast.chen.tier) == ("陈静", Tier.DIAMOND)
    assert cast.chen.owner_id == cast.lin.pk
    left.refresh_from_db()
    assert (left.state, left.tier) == (MemberState.LEFT, Tier.BASIC)
    bare.refresh_from_db()
    assert (bare.name, bare.owner_id) == ("补名", cast.lin.pk)
    assert batch.counts == {"changed": 2, "left": 1, "out": 0}


class Killed(BaseException):
    """The process is gone: nothing catches it."""


@pytest.mark.django_db(transaction=True)
def test_an_import_killed_in_every_portion_goes_on_without_a_double(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F-32: the worker dies once at the end of each of the ten portions, before they are kept."""
    calls = {"n": 0}
    real = portions._move_on

    def dies(*args: Any) -> None:
        real(*args)
        calls["n"] += 1
        if calls["n"] % 2:
            raise Killed

    monkeypatch.setattr(portions, "_move_on", dies)
    batch = actions.bring(
        a_file([*people(170), *people(20)]), name="名单.csv", entity=cast.entity,
        account=cast.hq, by=TESTER,
    )  # fmt: skip
    _until(batch, ImportState.MAPPING)
    actions.map_columns(batch.pk, mapping=batch.mapping, store_code="", by=TESTER)
    _until(batch, ImportState.TRIED)
    assert batch.tried == {"new": 170, "twice": 20}
    actions.start(batch.pk, by=TESTER)
    _until(batch, ImportState.DONE)
    assert calls["n"] == 20
    assert batch.counts == {"new": 170, "out": 20}
    assert Member.objects.count() == 171
    assert Identity.objects.values("digest").distinct().count() == 171


def _until(batch: MemberImport, state: ImportState) -> None:
    for _ in range(40):
        try:
            carry_on(batch.pk)
        except Killed:
            continue
        batch.refresh_from_db()
        if batch.state == state:
            return
    raise AssertionError(f"never {state}: {batch.state} {batch.error}")


def test_undo_takes_back_who_did_nothing_since(cast: Cast) -> None:
    batch = taken(brought(cast, [*people(30), "13800000001,,钻石卡,S001,"]))
    lived = Member.objects.filter(name__isnull=False).exclude(pk=cast.chen.pk).order_by("pk")[0]
    grant(lived, Purpose.DIRECT_MARKETING)
    actions.undo(batch.pk, by=TESTER)
    carry_on(batch.pk)
    batch.refresh_from_db()
    assert batch.state == ImportState.UNDONE
    assert (batch.counts["undone"], batch.counts["stay"]) == (30, 1)
    assert set(Member.objects.all()) == {cast.chen, lived}
    cast.chen.refresh_from_db()
    assert cast.chen.tier == Tier.BASIC


def test_a_paused_import_stands_and_goes_on(cast: Cast) -> None:
    batch = brought(cast, people(100))
    actions.start(batch.pk, by=TESTER)
    portions.next_portion(batch.pk, by=TESTER)
    actions.pause(batch.pk, by=TESTER)
    carry_on(batch.pk)
    assert Member.objects.count() == 41
    batch = taken(batch)
    assert (batch.state, Member.objects.count()) == (ImportState.DONE, 101)
    with pytest.raises(ImportRefused):
        actions.drop(batch.pk, by=TESTER)


def test_head_office_goes_the_whole_way_by_its_pages(cast: Cast) -> None:
    hq = Client()
    hq.force_login(cast.hq, backend=BACKEND)
    file = a_file(["13900000001,王,金卡,S001,G001", "=cmd,坏,,S001,"])
    file.name = "名单.csv"
    given = {"entity": cast.entity.pk, "file": file}
    answer = hq.post(reverse("admin:members_memberimport_upload"), given)
    batch = MemberImport.objects.get()
    page = reverse("admin:members_memberimport_change", args=[batch.pk])
    assert answer["Location"] == page
    carry_on(batch.pk)
    assert "每一列是什么" in hq.get(page).content.decode()
    columns = {"column-0": "phone", "column-1": "name", "column-3": "store", "store": "S001"}
    hq.post(reverse("admin:members_memberimport_columns", args=[batch.pk]), columns)
    carry_on(batch.pk)
    shown = hq.get(page).content.decode()
    assert "不是大陆手机号" in shown
    assert "=cmd" not in shown
    told = b"".join(hq.get(reverse("admin:members_memberimport_faults", args=[batch.pk])))
    assert "3,手机号,不是大陆手机号,是" in told.decode()
    hq.post(reverse("admin:members_memberimport_start", args=[batch.pk]))
    carry_on(batch.pk)
    assert Member.objects.count() == 2
    hq.post(reverse("admin:members_memberimport_undo", args=[batch.pk]))
    carry_on(batch.pk)
    assert Member.objects.count() == 1


def test_who_sees_only_some_regions_brings_nobody_in(cast: Cast) -> None:
    east = Account.objects.create_user("east", PASSWORD, name="东区总部", is_staff=True)
    east.regions.add(cast.east)
    for name in ("view_memberimport", "add_memberimport"):
        east.user_permissions.add(Permission.objects.get(codename=name))
    hq = Client()
    hq.force_login(east, backend=BACKEND)
    assert hq.get(reverse("admin:members_memberimport_upload")).status_code == 403
