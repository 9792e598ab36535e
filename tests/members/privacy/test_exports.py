"""No list of people leaves head office by one person alone (F-54)."""

from __future__ import annotations

import re
from datetime import timedelta
from io import BytesIO
from zipfile import ZipFile

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from msoffcrypto.exceptions import InvalidKeyError
from msoffcrypto.format.ooxml import OOXMLFile
from structlog.testing import capture_logs

from kit.classified import Grade
from members.audience.models import Audience
from members.privacy import exporting
from members.privacy.errors import ExportRefused
from members.privacy.exporting import TAKEN_WITHIN, Wanted, sources
from members.privacy.models import Disclosure
from members.privacy.models_of_duty import DataExport
from members.privacy.panels import alarms_at
from members.privacy.parcels import parcel
from members.privacy.rules import LISTS_ALARM, PEOPLE_ALARM
from members.privacy.watching import unusual_at
from stores.ledger.sheets import rows_of
from stores.org.access import actor_of
from stores.org.models import Account
from tests.cast import PASSWORD, Cast, a_member
from tests.members.builders import TESTER, grant

pytestmark = pytest.mark.django_db


@pytest.fixture
def other(cast: Cast) -> Account:
    """A second person at head office."""
    return Account.objects.create_superuser("hq2", PASSWORD, name="总部小吴")


def everybody(**rule: object) -> str:
    return str(Audience.objects.create(name=f"全部 {rule}", rule=rule).pk)


def asked(cast: Cast, key: str, *columns: str) -> DataExport:
    wanted = Wanted("audience", key, columns or ("card_no", "name", "phone"), "市场部", "邀请函")
    return exporting.ask_for_export(wanted, account=cast.hq, by=actor_of(cast.hq))


def opened(content: bytes, password: str) -> BytesIO:
    """The spreadsheet inside; its seal is proven on the way."""
    held, found = OOXMLFile(BytesIO(content)), BytesIO()
    held.load_key(password=password, verify_password=True)
    held.decrypt(found, verify_integrity=True)
    return found


def rows_in(content: bytes, password: str) -> list[list[str]]:
    return [cells for cells, _ in rows_of(opened(content, password), "xlsx")]


def take(row: DataExport, account: Account) -> list[list[str]]:
    by = actor_of(account)
    password = exporting.show_password(row.pk, account=account, by=by)
    name, content = exporting.take_export(row.pk, account=account, by=by)
    assert name.endswith(".xlsx")
    return rows_in(content, password)


def test_one_asks_another_approves_it_is_taken_once(cast: Cast, other: Account) -> None:
    a_member("=HYPERLINK(1)", owner=cast.lin, store=cast.guomao)
    row = asked(cast, everybody())
    assert (row.count, row.grade) == (2, Grade.PERSONAL_HIGH)
    with pytest.raises(ExportRefused, match="还没有第二个人"):
        take(row, cast.hq)
    with pytest.raises(ExportRefused, match="另一个人"):
        exporting.approve_export(row.pk, account=cast.hq, by=TESTER)
    with pytest.raises(IntegrityError, match="nobody_approves_an_own_export"), transaction.atomic():
        DataExport.objects.filter(pk=row.pk).update(
            decided_by=row.asked_by, decided_at=timezone.now()
        )
    with pytest.raises(IntegrityError, match="only_approved"), transaction.atomic():
        DataExport.objects.filter(pk=row.pk).update(taken_at=timezone.now())
    exporting.approve_export(row.pk, account=other, by=TESTER)
    with pytest.raises(ExportRefused, match="申请人自己"):
        take(row, other)
    assert not Disclosure.objects.exists()
    head, *lines = take(row, cast.hq)
    assert head == ["会员卡号", "姓名", "手机号（隐去中间）", "水印"]
    assert {line[1] for line in lines} == {"陈静", "'=HYPERLINK(1)"}
    assert "13800000001" not in str(lines)
    row.refresh_from_db()
    mark = f"{cast.hq.name} {timezone.localtime(row.taken_at):%Y-%m-%d %H:%M} "
    assert {line[3] for line in lines} == {mark + exporting.number_of(row)}
    line = Disclosure.objects.get()
    assert (line.what, line.count, line.recipient) == ("list_export", 2, "市场部")
    assert cast.chen.pk in line.members
    with pytest.raises(ExportRefused, match="一次"):
        take(row, cast.hq)


def test_the_file_opens_with_the_password_alone_and_nobody_keeps_it(
    cast: Cast, other: Account
) -> None:
    row, by = asked(cast, everybody()), actor_of(cast.hq)
    exporting.approve_export(row.pk, account=other, by=TESTER)
    with pytest.raises(ExportRefused, match="先看"):
        exporting.take_export(row.pk, account=cast.hq, by=by)
    with pytest.raises(ExportRefused, match="申请人自己"):
        exporting.show_password(row.pk, account=other, by=actor_of(other))
    former = exporting.show_password(row.pk, account=cast.hq, by=by)
    password = exporting.show_password(row.pk, account=cast.hq, by=by)
    assert former != password
    with connection.cursor() as cursor:
        cursor.execute("SELECT d::text FROM members_dataexport d")
        assert password not in str(cursor.fetchall())
    _, content = exporting.take_export(row.pk, account=cast.hq, by=by)
    for wrong in (former, password.upper()):
        with pytest.raises(InvalidKeyError):
            opened(content, wrong)
    plain = opened(content, password).getvalue()
    assert plain[:2] == b"PK" != content[:2]
    sheet = ZipFile(BytesIO(plain)).read("xl/worksheets/sheet1.xml").decode()
    assert f"<oddFooter>&amp;L{cast.hq.name} " in sheet
    row.refresh_from_db()
    assert row.password is None
    row.password = password
    with pytest.raises(IntegrityError, match="no_password_outlives"), transaction.atomic():
        row.save()


def test_what_a_cell_holds_breaks_neither_the_sheet_nor_its_foot() -> None:
    odd = ["<b>&amp;", "a\x00b\x0b", "  两边  ", "＝1+1", '"', None]
    content = parcel(["头"] * 6, [odd], mark="A & B <x>", password="p")
    assert rows_in(content, "p")[1] == ["<b>&amp;", "ab", "两边", "'＝1+1", '"', ""]
    sheet = ZipFile(opened(content, "p")).read("xl/worksheets/sheet1.xml").decode()
    assert "<oddFooter>&amp;LA &amp;&amp; B &lt;x&gt;</oddFooter>" in sheet


def test_what_was_refused_or_is_over_does_not_leave(cast: Cast, other: Account) -> None:
    row = asked(cast, everybody())
    with pytest.raises(ExportRefused, match="理由"):
        exporting.refuse_export(row.pk, because=" ", account=other, by=TESTER)
    exporting.refuse_export(row.pk, because="用不着姓名", account=other, by=TESTER)
    for act in (
        lambda: take(row, cast.hq),
        lambda: exporting.approve_export(row.pk, account=other, by=TESTER),
    ):
        with pytest.raises(ExportRefused):
            act()
    late = asked(cast, everybody(has_owner=True))
    exporting.approve_export(late.pk, account=other, by=TESTER)
    DataExport.objects.filter(pk=late.pk).update(
        decided_at=timezone.now() - TAKEN_WITHIN - timedelta(minutes=1)
    )
    with pytest.raises(ExportRefused, match="过了一天"):
        take(late, cast.hq)
    old = asked(cast, everybody(has_owner=False))
    DataExport.objects.filter(pk=old.pk).update(
        asked_at=timezone.now() - exporting.WAITS - timedelta(minutes=1)
    )
    with pytest.raises(ExportRefused, match="七天"):
        exporting.approve_export(old.pk, account=other, by=TESTER)


def test_the_list_holds_whom_the_asker_meets_and_who_may_be_judged(
    cast: Cast, other: Account
) -> None:
    a_member("西", owner=cast.ma, store=cast.wangjing)
    cast.hq.is_superuser = False
    cast.hq.save()
    cast.hq.regions.add(cast.east)
    row = asked(cast, everybody())
    exporting.approve_export(row.pk, account=other, by=TESTER)
    assert row.count == 1
    assert "西" not in str(take(row, cast.hq))
    judging = everybody(**{"not": {"purchased_within_days": 30}})
    assert asked(cast, judging).count == 0
    grant(cast.chen, "profiling")
    assert asked(cast, judging).count == 1


def test_nothing_of_the_highest_grades_is_offered() -> None:
    for name, source in sources().items():
        assert all(one.grade != Grade.SENSITIVE for one in source.columns.values()), name


def test_asking_says_what_of_whom_for_whom_and_what_for(cast: Cast) -> None:
    key = everybody()
    for wanted in (
        Wanted("nothing", key, ["name"], "x", "y"), Wanted("audience", "0", ["name"], "x", "y"),
        Wanted("audience", key, [], "x", "y"), Wanted("audience", key, ["phone_whole"], "x", "y"),
        Wanted("audience", key, ["name"], " ", "y"), Wanted("audience", key, ["name"], "x", " "),
    ):  # fmt: skip
        with pytest.raises(ExportRefused):
            exporting.ask_for_export(wanted, account=cast.hq, by=TESTER)
    assert not DataExport.objects.exists()


def test_who_takes_very_much_in_a_day_is_told_of(cast: Cast, other: Account) -> None:
    by, now = actor_of(cast.hq), timezone.now()
    rows = [asked(cast, everybody(joined_within_days=day)) for day in range(1, LISTS_ALARM + 1)]
    with capture_logs() as told:
        for row in rows:
            exporting.approve_export(row.pk, account=other, by=TESTER)
            assert unusual_at(now + timedelta(minutes=1)) == []
            assert told == []
            exporting.show_password(row.pk, account=cast.hq, by=by)
            exporting.take_export(row.pk, account=cast.hq, by=by)
    assert [(one["event"], one["lists"]) for one in told] == [("many lists taken", LISTS_ALARM)]
    later = now + timedelta(minutes=1)
    assert [(one.text, one.why) for one in alarms_at(later)] == [
        (cast.hq.name, f"一天里取走 {LISTS_ALARM} 份名单")
    ]
    last = rows[-1].pk
    DataExport.objects.exclude(pk=last).update(taken_at=now - timedelta(days=2))
    assert unusual_at(later) == []
    DataExport.objects.filter(pk=last).update(count=PEOPLE_ALARM)
    assert [one.figure for one in unusual_at(later)] == ["20,000 人"]


def test_the_desk_leads_through_it(cast: Cast, other: Account) -> None:
    mine, theirs = Client(), Client()
    backend = "django.contrib.auth.backends.ModelBackend"
    mine.force_login(cast.hq, backend=backend)
    theirs.force_login(other, backend=backend)
    key, base = everybody(), "/admin/members/dataexport/"
    assert "全部" in mine.get(f"{base}add/").content.decode()
    said = {"list": f"audience:{key}", "columns": ["name"], "recipient": "市场部", "purpose": "x"}
    assert mine.post(f"{base}add/", said).status_code == 302
    row = DataExport.objects.get()
    assert [line.text for line in alarms_at(timezone.now())] == [row.title]
    page = f"{base}{row.pk}/change/"
    assert "另一个人审批" in mine.get(page).content.decode()
    mine.post(f"{base}{row.pk}/approve/")
    row.refresh_from_db()
    assert row.decided_at is None
    assert "批准" in theirs.get(page).content.decode()
    theirs.post(f"{base}{row.pk}/approve/")
    assert alarms_at(timezone.now()) == []
    for act in ("password", "take"):
        assert theirs.post(f"{base}{row.pk}/{act}/").status_code == 302
    assert mine.post(f"{base}{row.pk}/take/").status_code == 302
    answer = mine.post(f"{base}{row.pk}/password/")
    assert "no-store" in answer["Cache-Control"]
    password = re.findall(r"<output[^>]*>([^<]+)<", answer.content.decode())[0]
    assert password not in mine.get(page).content.decode()
    answer = mine.post(f"{base}{row.pk}/take/")
    assert "陈静" in str(rows_in(answer.content, password))
    assert "no-store" in answer["Cache-Control"]
    for act in ("password", "take"):
        assert mine.post(f"{base}{row.pk}/{act}/").status_code == 302
    assert "已取走" in mine.get(base).content.decode()


def test_an_audiences_page_leads_to_its_export(cast: Cast) -> None:
    hq, key = Client(), everybody()
    hq.force_login(cast.hq, backend="django.contrib.auth.backends.ModelBackend")
    begun = f"{reverse('admin:members_dataexport_add')}?list=audience:{key}"
    page = hq.get(reverse("admin:members_audience_change", args=[key])).content.decode()
    assert f'href="{begun}"' in page
    assert f'<option value="audience:{key}" selected>' in hq.get(begun).content.decode()
