"""A file of purchases that HQ uploads, to its end: tried, taken in, killed, paused, told again."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from stores.ledger import uploading, working
from stores.ledger.admin_of_files import UploadForm
from stores.ledger.errors import FileRefused
from stores.ledger.models import PurchaseLine
from stores.ledger.models_of_imports import (
    FileState,
    PurchaseFilePiece,
    PurchaseImport,
    PurchaseImportFault,
)
from stores.ledger.pieces import to_text
from stores.ledger.working import carry_on, empty_old
from stores.org.models import Account
from tests.cast import PASSWORD, Cast
from tests.members.builders import TESTER
from tests.stores.ledger.test_import import a_sheet

BACKEND = "django.contrib.auth.backends.ModelBackend"
HEAD = "小票号,货号,数量,实收金额,门店,交易时间,会员卡号,备注"
PLACES = {
    "receipt_no": 0, "sku": 1, "quantity": 2, "amount": 3, "store": 4, "sold_at": 5, "card": 6,
}  # fmt: skip


@pytest.fixture(autouse=True)
def _small_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(working, "PORTION", 4)


def receipts(count: int) -> list[str]:
    return [f"H{n},SK-1,1,{n}.50,S001,2026/3/1 19:30,,x" for n in range(1, count + 1)]


def a_file(rows: list[str], head: str = HEAD, encoding: str = "utf-8") -> io.BytesIO:
    return io.BytesIO("\n".join([head, *rows]).encode(encoding))


def brought(cast: Cast, opened: io.BytesIO, name: str = "三月.csv") -> PurchaseImport:
    row = uploading.bring(opened, name=name, source="history", account=cast.hq, by=TESTER)
    carry_on(row.pk)
    row.refresh_from_db()
    return row


def tried(cast: Cast, rows: list[str], **options: Any) -> PurchaseImport:
    """A file up to the end of its trial."""
    row = brought(cast, a_file(rows, **options))
    uploading.map_columns(
        row.pk, places=PLACES, store="", in_yuan=True, zone="Asia/Shanghai", by=TESTER
    )
    carry_on(row.pk)
    row.refresh_from_db()
    return row


def taken(row: PurchaseImport) -> PurchaseImport:
    uploading.start(row.pk, by=TESTER)
    carry_on(row.pk)
    row.refresh_from_db()
    return row


def test_a_trial_records_nothing_and_says_what_is_wrong(cast: Cast) -> None:
    rows = [
        *receipts(5), "B1,SK-1,1,9.995,S001,2026/3/1 19:30,,", "B2,SK-1,1,9,S9,2026/3/1 19:30,,",
    ]  # fmt: skip
    row = tried(cast, rows, encoding="gb18030")
    assert row.state == FileState.TRIED
    assert row.tried == {
        "receipts": 7, "faulty": 2, "sold": 1750, "refunded": 0, "recorded": 5,
    }  # fmt: skip
    assert not PurchaseLine.objects.exists()
    told = dict(PurchaseImportFault.objects.values_list("row", "text"))
    assert told[7].startswith("第 1 行的金额：")
    assert told[8].startswith("门店编号：没有这个门店编号")


def test_columns_are_recognised_and_said_in_words(cast: Cast) -> None:
    row = brought(cast, a_file(receipts(1)))
    assert row.columns == HEAD.split(",")
    assert {ours: row.columns.index(name) for ours, name in row.reading["names"].items()} == PLACES
    for places, store, word in (
        ({"receipt_no": 0}, "", "货号、数量、金额、门店编号、销售时间"),
        ({**PLACES, "line": 8}, "", "不存在"),
        ({**PLACES, "price": 7}, "", "不存在"),
        (PLACES, "S9", "没有这个门店"),
    ):
        with pytest.raises(FileRefused, match=word):
            uploading.map_columns(
                row.pk, places=places, store=store, in_yuan=True, zone="", by=TESTER
            )


def test_receipts_are_recorded_once_and_the_file_is_gone(cast: Cast) -> None:
    rows = [f"C1,SK-9,2,10,S001,2026/3/1 20:00,{cast.chen.card_no},", *receipts(9)]
    row = taken(tried(cast, rows))
    assert (row.state, row.receipts, row.recorded) == (FileState.DONE, 10, 10)
    assert not PurchaseFilePiece.objects.exists()
    first = PurchaseLine.objects.get(receipt_no="C1")
    assert (first.amount, first.member_no, first.source) == (1000, cast.chen.pk, "history")
    assert first.sold_at == datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
    again = taken(tried(cast, rows))
    assert (again.recorded, again.known, PurchaseLine.objects.count()) == (0, 10, 10)


def test_whoever_dies_anywhere_is_followed_by_somebody_who_goes_on(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed before and after each portion of the trial and of the import, it ends the same."""
    row = brought(cast, a_file(receipts(11)))
    uploading.map_columns(
        row.pk, places=PLACES, store="", in_yuan=True, zone="Asia/Shanghai", by=TESTER
    )
    assert until_state(row, FileState.TRIED, monkeypatch) == 3
    assert row.tried["receipts"] == row.tried["recorded"] == 11
    uploading.start(row.pk, by=TESTER)
    assert until_state(row, FileState.DONE, monkeypatch) == 3
    assert (row.receipts, row.recorded, row.known) == (11, 11, 0)
    assert PurchaseLine.objects.count() == 11


class Killed(BaseException):
    """The process ends here."""


def until_state(row: PurchaseImport, state: FileState, patch: pytest.MonkeyPatch) -> int:
    """Die after each portion until the file is there; how many deaths that took."""
    name = "try_on" if state == FileState.TRIED else "take_in"
    whole, deaths = getattr(working, name), 0

    def dying(*given: Any, **more: Any) -> Any:
        told = whole(*given, **more)
        if name == "take_in":
            next(told, None)
            raise Killed
        yield next(told)
        raise Killed

    for _ in range(3):
        patch.setattr(working, name, dying)
        with pytest.raises(Killed):
            carry_on(row.pk)
        deaths += 1
    patch.setattr(working, name, whole)
    carry_on(row.pk)
    row.refresh_from_db()
    assert row.state == state
    return deaths


def test_a_paused_file_keeps_what_it_has_and_goes_on(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = tried(cast, receipts(11))
    uploading.start(row.pk, by=TESTER)
    carry_on(row.pk, until=0)
    uploading.pause(row.pk, by=TESTER)
    carry_on(row.pk)
    row.refresh_from_db()
    assert (row.state, row.receipts, PurchaseLine.objects.count()) == (FileState.PAUSED, 4, 4)
    with pytest.raises(FileRefused, match="不能撤回"):
        uploading.drop(row.pk, by=TESTER)
    assert taken(row).recorded == 11


def test_a_pause_in_the_middle_of_a_portion_gives_the_portion_back(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = tried(cast, receipts(3))
    uploading.start(row.pk, by=TESTER)
    whole = getattr(working, "take_in")  # noqa: B009 - imported there, used from there

    def paused(*given: Any, **more: Any) -> Any:
        uploading.pause(row.pk, by=TESTER)
        return whole(*given, **more)

    monkeypatch.setattr(working, "take_in", paused)
    carry_on(row.pk)
    row.refresh_from_db()
    assert (row.state, PurchaseLine.objects.count()) == (FileState.PAUSED, 0)


def test_two_uploads_of_one_file_do_not_run_beside_each_other(cast: Cast) -> None:
    one, other = tried(cast, receipts(2)), tried(cast, receipts(2))
    uploading.start(one.pk, by=TESTER)
    with pytest.raises(FileRefused, match="正在导入"):
        uploading.start(other.pk, by=TESTER)
    carry_on(one.pk)
    assert taken(other).known == 2


def test_a_workbook_is_taken_in_like_a_csv(cast: Cast, tmp_path: Path) -> None:
    sheet = a_sheet(
        tmp_path / "x.xlsx",
        [HEAD.split(","), ["A1", "SK-1", 1, 299.5, "S001", 46082.8125, "", ""]],
    )
    row = brought(cast, io.BytesIO(sheet.read_bytes()), "三月.xlsx")
    assert row.state == FileState.MAPPING
    uploading.map_columns(
        row.pk, places=PLACES, store="", in_yuan=True, zone="Asia/Shanghai", by=TESTER
    )
    carry_on(row.pk)
    assert taken(row).recorded == 1
    line = PurchaseLine.objects.get()
    assert (line.amount, line.sold_at) == (29_950, datetime(2026, 3, 1, 11, 30, tzinfo=UTC))


@pytest.mark.parametrize(
    ("name", "body"),
    [("a.csv", b""), ("a.xls", b"\xd0\xcf\x11\xe0"), ("a.json", b'{"receipt_no": "A1"}')],
)
def test_what_is_no_table_is_refused_at_the_door(cast: Cast, name: str, body: bytes) -> None:
    with pytest.raises(FileRefused):
        brought(cast, io.BytesIO(body), name)
    assert not PurchaseFilePiece.objects.exists()


def test_a_file_that_breaks_off_inside_says_so_and_keeps_what_came_before(cast: Cast) -> None:
    row = tried(cast, receipts(6))
    uploading.start(row.pk, by=TESTER)
    piece = PurchaseFilePiece.objects.get()
    whole = a_file(receipts(6)).getvalue()
    piece.body = to_text(whole[:-60] + b"\xff\xfe" + whole[-58:])
    piece.save()
    carry_on(row.pk)
    row.refresh_from_db()
    assert row.state == FileState.FAILED
    assert "读不出的字符" in row.error
    assert row.recorded == PurchaseLine.objects.count()


def test_what_nobody_imports_is_deleted_after_a_week(cast: Cast) -> None:
    old, young = tried(cast, receipts(1)), tried(cast, receipts(2))
    PurchaseImport.objects.filter(pk=old.pk).update(begun_at=timezone.now() - timedelta(days=8))
    assert (empty_old(), empty_old()) == (1, 0)
    old.refresh_from_db()
    assert old.state == FileState.DROPPED
    assert [piece.file_id for piece in PurchaseFilePiece.objects.all()] == [young.pk]


def test_the_command_does_not_touch_what_head_office_uploaded(cast: Cast, tmp_path: Path) -> None:
    """And no worker carries on with a file that only the command can read."""
    row = tried(cast, receipts(2))
    path = tmp_path / "three.csv"
    path.write_text("receipt_no,sku,quantity,amount,store,sold_at\n")
    call_command("import_purchases", str(path), "--source", "history", stdout=io.StringIO())
    PurchaseImport.objects.exclude(pk=row.pk).update(
        state=FileState.RUNNING, finished_at=None, emptied_at=None
    )
    working.carry_on_all(seconds=60)
    states = set(PurchaseImport.objects.values_list("kind", "state"))
    assert states == {("csv", FileState.TRIED), ("", FileState.RUNNING)}


# ---------------------------------------------------------------- the pages


@pytest.fixture
def hq(cast: Cast) -> Client:
    client = Client()
    client.force_login(cast.hq, backend=BACKEND)
    return client


def at(name: str, row: PurchaseImport | None = None) -> str:
    return reverse(f"admin:stores_purchaseimport_{name}", args=[row.pk] if row else [])


def test_head_office_goes_the_whole_way_by_its_pages(cast: Cast, hq: Client) -> None:
    file = a_file([*receipts(2), '"=1+1|cmd",SK,1,x,S001,2026/3/1 19:30,,'])
    file.name = "三月.csv"
    answer = hq.post(at("upload"), {"source": "history", "file": file})
    row = PurchaseImport.objects.get()
    assert answer["Location"] == at("change", row)
    carry_on(row.pk)
    assert "每一列是什么" in hq.get(at("change", row)).content.decode()
    said = {f"column-{place}": ours for ours, place in PLACES.items()}
    hq.post(at("columns", row), {**said, "unit": "yuan", "zone": "house"})
    carry_on(row.pk)
    shown = hq.get(at("change", row)).content.decode()
    assert "¥4" in shown
    assert "金额" in shown
    told = b"".join(hq.get(at("faults", row))).decode()
    assert "4,'=1+1|cmd,第 1 行的金额：" in told
    hq.post(at("start", row))
    carry_on(row.pk)
    assert PurchaseLine.objects.count() == 2
    assert "新记录的行" in hq.get(at("change", row)).content.decode()
    same = tried(cast, [*receipts(2), '"=1+1|cmd",SK,1,x,S001,2026/3/1 19:30,,'])
    assert "导入过一次" in hq.get(at("change", same)).content.decode()
    assert "上传一份订单" in hq.get(at("changelist")).content.decode()


@pytest.mark.parametrize("rights", [["view_purchaseimport"], ["add_purchaseimport"]])
def test_who_may_not_bring_purchases_in_is_turned_away(cast: Cast, rights: list[str]) -> None:
    """To look is not to bring; to bring for some regions would be to bring for all."""
    clerk = Account.objects.create_user("clerk", PASSWORD, name="某某", is_staff=True)
    clerk.user_permissions.set(Permission.objects.filter(codename__in=rights))
    if "add_purchaseimport" in rights:
        clerk.regions.add(cast.east)
    client = Client()
    client.force_login(clerk, backend=BACKEND)
    row = tried(cast, receipts(1))
    assert client.get(at("upload")).status_code == 403
    for name in ("start", "drop", "pause", "columns"):
        assert client.post(at(name, row)).status_code == 403
    assert client.get(at("faults", row)).status_code == (200 if rights[0][0] == "v" else 403)
    row.refresh_from_db()
    assert row.state == FileState.TRIED


def test_a_source_that_is_no_word_is_told_how_to_write_one() -> None:
    form = UploadForm({"source": "三月.csv"})
    assert "webshop" in form.errors["source"][0]
    assert "source" not in UploadForm({"source": "web-shop_2"}).errors


def test_a_file_with_nothing_to_record_is_not_offered(client: Client, cast: Cast) -> None:
    """And a chosen file's name has its own place to go: unfold's scripts look for a text field."""
    client.force_login(cast.hq, backend=BACKEND)
    upload = client.get(reverse("admin:stores_purchaseimport_upload")).content.decode()
    assert '<input type="text" hidden disabled><span><span><input type="file"' in upload
    faulty = tried(cast, ["B1,SK-1,1,9,S9,2026/3/1 19:30,,"])
    good = tried(cast, receipts(1))
    for row, is_offered in ((faulty, False), (good, True)):
        page = client.get(reverse("admin:stores_purchaseimport_change", args=[row.pk]))
        assert ("ask-start" in page.content.decode()) == is_offered
        assert ("没有可以新记录的行" in page.content.decode()) != is_offered
