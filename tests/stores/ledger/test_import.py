"""The file import: CSV and NDJSON, dry, repeated, faulty, and dead halfway."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from kit.actor import Actor
from kit.events import DomainEvent
from stores.ledger.importing import Overtaken, take_file
from stores.ledger.models import PurchaseLine
from stores.ledger.models_of_imports import PurchaseImport, PurchaseImportFault
from tests.cast import Cast
from tests.stores.ledger.builders import a_line, a_receipt

HEAD = "receipt_no,line,sku,quantity,amount,refund_of,store,sold_at,card,served_by\n"
ROWS = [
    "A1,1,SK-1,1,29900,,S001,2026-11-20T19:30:00+08:00,{card},G001",
    "A1,2,SK-2,1,100,,S001,2026-11-20T19:30:00+08:00,{card},G001",
    "R1,1,SK-1,-1,-29900,A1/1,S001,2026-11-21T10:00:00+08:00,,",
]


def a_file(folder: Path, text: str, name: str = "purchases.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8-sig" if name.endswith("csv") else "utf-8")
    return path


def run(path: Path, *options: str) -> str:
    out = io.StringIO()
    call_command("import_purchases", str(path), "--source", "history", *options, stdout=out)
    return out.getvalue().strip()


def test_csv_lines_of_a_receipt_stand_together(cast: Cast, tmp_path: Path) -> None:
    path = a_file(tmp_path, HEAD + "\n".join(ROWS).format(card=cast.chen.card_no))
    dry = run(path, "--dry-run")
    assert dry == "lines would be recorded 3, known 0, clashing 0; receipts at fault 0"
    assert not PurchaseLine.objects.exists()
    assert run(path) == "lines recorded 3, known 0, clashing 0; receipts at fault 0"
    assert run(path, "--dry-run").startswith("lines would be recorded 0, known 3")
    assert run(path) == "lines recorded 0, known 3, clashing 0; receipts at fault 0"
    first, second, refund = PurchaseLine.objects.order_by("receipt_no", "line")
    assert (first.source, first.amount, first.member_no) == ("history", 29_900, cast.chen.pk)
    assert (second.served_by_no, refund.refund_of) == (cast.lin.pk, "A1/1")
    told = DomainEvent.objects.get(kind="purchases_imported")
    assert told.payload["receipts"] == ["A1", "R1"]
    assert not DomainEvent.objects.filter(kind="purchase_recorded").exists()


def test_lines_of_json_are_read_as_the_api_reads_them(cast: Cast, tmp_path: Path) -> None:
    told = [json.dumps(a_receipt(f"J{i}")) for i in range(3)]
    path = a_file(tmp_path, "\n\n".join(told), "purchases.ndjson")
    assert run(path).startswith("lines recorded 3")


def test_each_faulty_row_is_named_and_the_rest_is_in(
    cast: Cast, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [
        "A1,1,SK-1,1,299.00,,S001,2026-11-20T19:30:00+08:00,,",
        "A2,1,SK-1,1,29900,,S001,2026-11-20T19:30:00+08:00,,",
        "A3,1,SK-1,1,29900,,S999,2026-11-20T19:30:00+08:00,,",
        "A2,1,SK-1,1,100,,S001,2026-11-20T19:30:00+08:00,,",
    ]
    path = a_file(tmp_path, HEAD + "\n".join(rows))
    with pytest.raises(CommandError, match="3 receipts need a look"):
        run(path)
    said = capsys.readouterr().err
    assert "row 2 · A1" in said
    assert "第 1 行的金额：须为" in said
    assert "row 4 · A3" in said
    assert "没有这个门店编号" in said
    assert "row 5 · A2 · 小票内容与已记录的不同" in said
    assert PurchaseLine.objects.get().receipt_no == "A2"


@pytest.mark.parametrize("head", ["receipt_no,line\n", HEAD.strip() + ",price\n", ""])
def test_a_file_with_other_columns_is_refused(cast: Cast, tmp_path: Path, head: str) -> None:
    with pytest.raises(CommandError, match="missing"):
        run(a_file(tmp_path, head + "A1,1\n"))


def test_a_file_that_is_not_there_is_said_so(cast: Cast, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="nowhere"):
        run(tmp_path / "nowhere.csv")


def test_an_import_that_died_halfway_goes_on_where_it_stopped(cast: Cast, tmp_path: Path) -> None:
    """Whole chunks are durable; the file breaks off inside the third."""
    told: list[Any] = [a_receipt(f"H{i}", lines=[a_line(1), a_line(2)]) for i in range(500)]
    whole = "\n".join(json.dumps(each) for each in told)
    torn = a_file(tmp_path, "", "torn.ndjson")
    torn.write_bytes(whole.encode()[: len(whole) * 9 // 10] + b"\xff\xfe")
    with pytest.raises(CommandError):
        run(torn, "--portion", "200")
    survived = PurchaseLine.objects.count()
    assert survived == 2 * 400
    assert run(a_file(tmp_path, whole, "whole.ndjson")).startswith(
        f"lines recorded {1000 - survived}, known {survived},"
    )
    assert PurchaseLine.objects.count() == 1000


THEIRS = """BASKET,PRODUCT,QTY,SALES,WHEN,HOUSEHOLD,WEEK
31,P1,2,3.50,2026-03-01 19:30:00,{card},9
31,P2,1,0.99,2026-03-01 19:30:00,{card},9
32,P1,1,1.75,2026-03-02 10:00:00,,9
"""
AS_OURS = (
    *("--column", "receipt_no=BASKET", "--column", "sku=PRODUCT", "--column", "quantity=QTY"),
    *("--column", "amount=SALES", "--column", "sold_at=WHEN", "--column", "card=HOUSEHOLD"),
    *("--constant", "store=S001", "--yuan", "--zone", "Asia/Shanghai"),
)


def test_columns_of_another_house_are_read_as_ours(cast: Cast, tmp_path: Path) -> None:
    path = a_file(tmp_path, THEIRS.format(card=cast.chen.card_no))
    assert run(path, *AS_OURS).startswith("lines recorded 3, known 0")
    lines = PurchaseLine.objects.order_by("receipt_no", "line")
    assert [(line.receipt_no, line.line, line.amount, line.member_no) for line in lines] == [
        ("31", 1, 350, cast.chen.pk),
        ("31", 2, 99, cast.chen.pk),
        ("32", 1, 175, None),
    ]
    assert lines[0].sold_at == datetime(2026, 3, 1, 11, 30, tzinfo=UTC)


def test_a_mapping_that_fits_nothing_is_refused(cast: Cast, tmp_path: Path) -> None:
    path = a_file(tmp_path, THEIRS)
    with pytest.raises(CommandError, match=r"missing: .*TILL"):
        run(path, *AS_OURS, "--column", "line=TILL")
    with pytest.raises(CommandError, match="one of"):
        run(path, "--column", "price=SALES")


def test_what_arithmetic_left_behind_is_nothing(cast: Cast, tmp_path: Path) -> None:
    dusty = THEIRS.replace("0.99", "1.776357e-15").replace("3.50", "3.5000000000000004")
    assert run(a_file(tmp_path, dusty.format(card="")), *AS_OURS).startswith("lines recorded 3")
    assert sorted(PurchaseLine.objects.values_list("amount", flat=True)) == [0, 175, 350]


def test_half_a_cent_is_no_amount(
    cast: Cast, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = a_file(tmp_path, THEIRS.replace("0.99", "0.995").format(card=""))
    with pytest.raises(CommandError, match="1 receipts need a look"):
        run(path, *AS_OURS)
    assert "第 2 行的金额" in capsys.readouterr().err
    fault = PurchaseImportFault.objects.get()
    assert (fault.row, fault.receipt_no, fault.file.faulty) == (2, "31", 1)


def test_a_spreadsheet_is_read_as_a_csv_would_be(cast: Cast, tmp_path: Path) -> None:
    head = ["receipt_no", "line", "sku", "quantity", "amount", "store", "sold_at"]
    # 46082.8125: the first of March 2026, half past seven in the evening, as Excel keeps it.
    rows = [
        ["A1", 1, "SK-1", 1, 29_900, "S001", 46082.8125],
        ["A1", 2, "SK-2", 1, 5, "S001", 46082.8125],
    ]
    path = a_sheet(tmp_path / "purchases.xlsx", [head, *rows])
    assert run(path, "--zone", "Asia/Shanghai", "--dry-run").startswith("lines would be recorded 2")
    assert run(path, "--zone", "Asia/Shanghai").startswith("lines recorded 2")
    first = PurchaseLine.objects.order_by("line")[0]
    assert (first.amount, first.sold_at) == (29_900, datetime(2026, 3, 1, 11, 30, tzinfo=UTC))


def a_sheet(path: Path, rows: list[list[Any]]) -> Path:
    """The smallest workbook that a spreadsheet would open."""

    def cell(value: Any) -> str:
        if isinstance(value, str):
            return f'<c t="inlineStr"><is><t>{value}</t></is></c>'
        return f"<c><v>{value}</v></c>"

    body = "".join(f"<row>{''.join(map(cell, row))}</row>" for row in rows)
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    with zipfile.ZipFile(path, "w") as book:
        book.writestr(
            "xl/worksheets/sheet1.xml",
            f'<worksheet xmlns="{space}"><sheetData>{body}</sheetData></worksheet>',
        )
    return path


def test_two_who_take_in_one_file_do_not_count_it_twice(cast: Cast, tmp_path: Path) -> None:
    path = a_file(tmp_path, HEAD + "\n".join(ROWS).format(card=""))
    by = Actor.system("test")
    one = take_file(path, source="history", portion=1, by=by)
    other = take_file(path, source="history", portion=1, by=by)
    next(one)
    next(other)
    with pytest.raises(Overtaken):
        next(one)
    assert [taken.receipts for taken in other] == []
    file = PurchaseImport.objects.get()
    assert (file.receipts, file.recorded) == (2, PurchaseLine.objects.count())
    assert file.finished_at is not None
