"""What files say: columns by their heads, phones and dates in every spelling, rows of any sheet."""

from __future__ import annotations

import io
import zipfile
from datetime import date

import pytest

from members.imports.rules import Known, guess, mapping_fault, read_date, read_line
from stores.ledger.sheets import Unreadable, kind_of, rows_of, safe_cell

KNOWN = Known(
    tiers={"gold": "gold", "金卡": "gold"},
    stores={"S001": 1},
    owners={"G001": 7},
    purposes={"导购一对一消息": "direct_marketing"},
    store=None,
    today=date(2026, 11, 22),
)


def rows(body: bytes, kind: str = "csv") -> list[list[str]]:
    return [cells for cells, _ in rows_of(io.BytesIO(body), kind)]


def a_workbook(sheet: str, texts: str = "") -> bytes:
    """A workbook with one sheet, as little of it as Excel writes at least."""
    space = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as book:
        body = f"<worksheet {space}><sheetData>{sheet}</sheetData></worksheet>"
        book.writestr("xl/worksheets/sheet1.xml", body)
        if texts:
            book.writestr("xl/sharedStrings.xml", f"<sst {space}>{texts}</sst>")
    return made.getvalue()


def test_columns_are_recognised_by_their_heads() -> None:
    heads = ["序号", "手机号码", "会员姓名", "归属门店", "备注", "会员级别"]
    assert guess(heads) == {"phone": 1, "name": 2, "store": 3, "tier": 5}
    assert mapping_fault({"name": 0}, 3)
    assert mapping_fault({"phone": 0, "name": 0}, 3)
    assert not mapping_fault({"phone": 0, "name": 2}, 3)


@pytest.mark.parametrize(
    "text", ["13800000001", "+86 138-0000-0001", "86 13800000001", "１３８００００ ０００１"]
)
def test_a_phone_in_any_spelling_is_read(text: str) -> None:
    line = read_line(2, [text, "S001"], {"phone": 0, "store": 1}, KNOWN)
    assert line.is_good
    assert line.phone == "+8613800000001"


def test_every_fault_names_its_column_and_nothing_of_the_cell() -> None:
    cells = ["12345", "S9", "白金", "2099-01-01", "G9", "导购一对一消息"]
    fields = {"phone": 0, "store": 1, "tier": 2, "joined_on": 3, "owner": 4, "consent": 5}
    line = read_line(9, cells, fields, KNOWN)
    assert not line.is_good
    assert [fault.column for fault in line.faults if fault.is_fatal] == ["手机号", "门店编号"]
    assert {fault.column for fault in line.faults if not fault.is_fatal} == {
        "会员等级", "入会日期", "专属导购工号", "同意的授权项",
    }  # fmt: skip
    assert not any(cell in fault.text for fault in line.faults for cell in cells)
    assert line.purposes == ()


def test_a_permission_counts_only_with_its_proof() -> None:
    fields = {"phone": 0, "store": 1, "consent": 2, "consent_at": 3, "consent_proof": 4}
    cells = ["13800000001", "S001", "导购一对一消息", "2025-03-01", "纸质授权书 A-17"]
    assert read_line(2, cells, fields, KNOWN).purposes == ("direct_marketing",)
    for missing in (3, 4):
        bare = [cell if place != missing else "" for place, cell in enumerate(cells)]
        assert read_line(2, bare, fields, KNOWN).purposes == ()


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2024-03-01", date(2024, 3, 1)), ("2024/3/1 12:30", date(2024, 3, 1)),
        ("2024年3月1日", date(2024, 3, 1)), ("20240301", date(2024, 3, 1)),
        ("45352", date(2024, 3, 1)), ("2024-13-01", None), ("昨天", None), ("nan", None),
    ],
)  # fmt: skip
def test_dates_in_every_spelling(text: str, day: date | None) -> None:
    assert read_date(text) == day


def test_a_csv_in_either_encoding_with_breaks_inside_quotes() -> None:
    text = '手机号,姓名\r\n13800000001,"陈\n静"\r\n\r\n13800000002,王"\r\n'.replace('王"', "王")
    expected = [["手机号", "姓名"], ["13800000001", "陈\n静"], ["13800000002", "王"]]
    assert rows(text.encode("utf-8-sig")) == expected
    assert rows(text.encode("gb18030")) == expected
    assert rows(text.replace(",", ";").encode()) == expected


def test_a_csv_is_read_on_from_any_row() -> None:
    body = "手机号,姓名\n" + "".join(f'1380000{n:04d},"名,{n}"\n' for n in range(40))
    opened = io.BytesIO(body.encode("gb18030"))
    whole = list(rows_of(opened, "csv"))
    for place in (1, 7, 39):
        opened.seek(0)
        assert list(rows_of(opened, "csv", start=whole[place][1])) == whole[place + 1 :]


def test_a_sheet_with_shared_inline_and_numeric_cells() -> None:
    sheet = (
        '<row><c r="A1" t="s"><v>0</v></c><c r="C1" t="s"><v>1</v></c></row><row/>'
        '<row><c r="A2"><v>13800000001</v></c>'
        '<c r="C2" t="inlineStr"><is><t>陈静</t></is></c></row>'
        '<row><c r="A3"><v>1.3800000002E10</v></c><c r="C3" t="s"><v>9</v></c></row>'
    )
    texts = "<si><t>手机号</t></si><si><r><t>姓</t></r><r><t>名</t></r></si>"
    found = rows(a_workbook(sheet, texts), "xlsx")
    assert found == [
        ["手机号", "", "姓名"], ["13800000001", "", "陈静"], ["13800000002", "", ""],
    ]  # fmt: skip


@pytest.mark.parametrize(
    "body",
    [
        b"PK\x03\x04 no workbook",
        a_workbook('<!DOCTYPE x [<!ENTITY a "b">]><row><c><v>1</v></c></row>'),
        a_workbook("<row><c><v>1</v></row>"),
    ],
)
def test_what_is_no_workbook_is_refused(body: bytes) -> None:
    with pytest.raises(Unreadable):
        rows(body, "xlsx")


def test_a_file_is_what_stands_in_it() -> None:
    assert kind_of("会员.csv", b"PK\x03\x04") == "xlsx"
    assert kind_of("会员.csv", b"a,b") == "csv"
    with pytest.raises(Unreadable):
        kind_of("会员.xls", b"\xd0\xcf\x11\xe0")


@pytest.mark.parametrize("begin", ["", " ", "\ufeff", "\u3000"])
@pytest.mark.parametrize("sign", list("=+-@\t\r\n\0＝＋－＠"))
def test_no_cell_is_a_formula(begin: str, sign: str) -> None:
    for payload in ("1+1", "=1+1", "SUM(1,1)", "cmd|' /C calc'!A0", 'HYPERLINK("x")'):
        assert safe_cell(begin + sign + payload).startswith("'")
    assert safe_cell("陈静") == "陈静"
