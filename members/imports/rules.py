"""What the columns of a file mean and what one line says. No row of ours is read, no clock."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from members.identity.rules import read_phone
from stores.ledger.heads import Field
from stores.ledger.heads import guess as heads_guess

# Nine lines in ten are written like this; only the others are worth a parser.
_PLAIN_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_DATE = re.compile(r"(\d{4})[-/.年]?(\d{1,2})[-/.月]?(\d{1,2})日?(?:[ T].*)?")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")
_EXCEL_BEGINS = date(1899, 12, 30)
_YEAR = re.compile(r"[0-9]{4}")
_POINTS = re.compile(r"[0-9]{1,8}")
_GUARDIAN_UNDER = 14
_LONGEST_NAME = 40


FIELDS: Mapping[str, Field] = {
    "phone": Field(
        "手机号",
        ("手机", "手机号", "手机号码", "电话", "联系电话", "phone", "mobile", "tel"),
    ),
    "name": Field("姓名", ("姓名", "名字", "会员姓名", "称呼", "name")),
    "tier": Field("会员等级", ("等级", "会员等级", "级别", "会员级别", "tier", "level")),
    "store": Field("门店编号", ("门店", "门店编号", "店铺", "店号", "归属门店", "store", "shop")),
    "owner": Field("专属导购工号", ("导购", "导购工号", "专属导购", "工号", "owner", "guide")),
    "joined_on": Field(
        "入会日期",
        ("入会日期", "入会时间", "注册时间", "注册日期", "开卡日期", "joined", "joined_on"),
    ),
    "birth_year": Field(
        "出生年份", ("出生年份", "出生年", "生日", "出生日期", "birth_year", "birthday")
    ),
    "points": Field("期初积分", ("积分", "期初积分", "可用积分", "当前积分", "points")),
    "consent": Field("同意的授权项", ("授权", "同意", "授权项", "consent", "purposes")),
    "consent_at": Field("同意的时间", ("授权时间", "同意时间", "consent_at")),
    "consent_proof": Field("同意的凭证", ("授权凭证", "凭证", "同意凭证", "proof")),
}


def guess(heads: Sequence[str]) -> dict[str, int]:
    """Which column fills which of our fields, by the heads."""
    return heads_guess(heads, FIELDS)


def mapping_fault(mapping: Mapping[str, int], columns: int) -> str:
    """What is wrong with a mapping, in words; empty when nothing is."""
    if "phone" not in mapping:
        return "请指出哪一列是手机号。"
    if set(mapping) - set(FIELDS) or not all(0 <= place < columns for place in mapping.values()):
        return "有一列不存在。"
    if len(set(mapping.values())) != len(mapping):
        return "同一列不能用两次。"
    return ""


@dataclass(frozen=True, slots=True)
class Known:
    """The codes of ours that a line may name, and what holds where it names none."""

    tiers: Mapping[str, str]
    stores: Mapping[str, int]
    owners: Mapping[str, int]
    purposes: Mapping[str, str]
    store: int | None
    today: date


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong in a column; a fatal one keeps the line out."""

    column: str
    text: str
    is_fatal: bool = True


@dataclass(slots=True)
class Line:
    """What one line says of a member."""

    row: int
    phone: str = ""
    name: str = ""
    tier: str = ""
    store: int | None = None
    owner: int | None = None
    joined_on: date | None = None
    birth_year: int | None = None
    points: int = 0
    purposes: tuple[str, ...] = ()
    consent_on: date | None = None
    proof: str = ""
    faults: list[Fault] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        return not any(fault.is_fatal for fault in self.faults)


def read_line(row: int, cells: Sequence[str], mapping: Mapping[str, int], known: Known) -> Line:
    """One line with all that is wrong in it; nothing is guessed."""
    said = {name: cells[place] if place < len(cells) else "" for name, place in mapping.items()}
    line = Line(row, name=said.get("name", "")[:_LONGEST_NAME])
    line.phone = mobile(said["phone"]) or ""
    if not line.phone:
        what = "没有手机号" if not said["phone"] else "不是大陆手机号"
        line.faults.append(Fault(FIELDS["phone"].title, what))
    line.store = _coded(line, "store", said, known.stores, "没有这个门店编号", known.store)
    if line.store is None and not any(fault.column == "门店编号" for fault in line.faults):
        line.faults.append(Fault(FIELDS["store"].title, "没有写门店，也没有选缺省门店"))
    line.owner = _coded(line, "owner", said, known.owners, "没有这个在职导购", None, fatal=False)
    tier = said.get("tier", "")
    line.tier = known.tiers.get(tier.lower(), "") if tier else ""
    if tier and not line.tier:
        line.faults.append(Fault(FIELDS["tier"].title, "没有这个等级，按普卡导入", is_fatal=False))
    line.joined_on = _past(line, "joined_on", said, known.today)
    line.birth_year = _born(line, said.get("birth_year", ""), known.today)
    line.points = _points(line, said.get("points", ""))
    _read_consent(line, said, known)
    return line


def mobile(text: str) -> str | None:
    """+8613800000001; the parser is asked only about what is written oddly."""
    return f"+86{text}" if _PLAIN_MOBILE.fullmatch(text) else read_phone(text)


def _coded(
    line: Line,
    name: str,
    said: Mapping[str, str],
    codes: Mapping[str, int],
    unknown: str,
    otherwise: int | None,
    *,
    fatal: bool = True,
) -> int | None:
    given = said.get(name, "")
    if not given:
        return otherwise
    found = codes.get(given)
    if found is None:
        line.faults.append(Fault(FIELDS[name].title, unknown, is_fatal=fatal))
    return found


def _past(line: Line, name: str, said: Mapping[str, str], today: date) -> date | None:
    given = said.get(name, "")
    if not given:
        return None
    day = read_date(given)
    if day is None or not date(1990, 1, 1) <= day <= today:
        line.faults.append(
            Fault(FIELDS[name].title, "日期读不懂，或在将来，不采用", is_fatal=False)
        )
        return None
    return day


def _born(line: Line, given: str, today: date) -> int | None:
    """Of a birthday only the year. Who may be younger than 14 is for her guardian to bring."""
    if not given:
        return None
    title, day = FIELDS["birth_year"].title, read_date(given)
    year = int(given) if _YEAR.fullmatch(given) else day.year if day is not None else 0
    if not 1900 <= year <= today.year:
        line.faults.append(Fault(title, "年份读不懂，不采用", is_fatal=False))
        return None
    if today.year - year <= _GUARDIAN_UNDER:
        line.faults.append(Fault(title, "可能未满 14 周岁，要由监护人办理"))
    return year


def _points(line: Line, given: str) -> int:
    plain = given.replace(",", "").removesuffix(".0").removesuffix(".00")
    if not plain:
        return 0
    if _POINTS.fullmatch(plain):
        return int(plain)
    told = "积分应是 0 至 99999999 的整数，不采用"
    line.faults.append(Fault(FIELDS["points"].title, told, is_fatal=False))
    return 0


def read_date(text: str) -> date | None:
    """2024-03-01, 2024/3/1, 2024年3月1日, 20240301, or a spreadsheet's number of days."""
    text = text.strip()
    matched = _COMPACT.fullmatch(text) or _DATE.fullmatch(text)
    try:
        if matched is not None:
            return date(*(int(part) for part in matched.groups()))
        days = float(text)
        return _EXCEL_BEGINS + timedelta(days=int(days)) if 20_000 < days < 80_000 else None
    except ValueError:
        return None


def _read_consent(line: Line, said: Mapping[str, str], known: Known) -> None:
    """A permission counts only with when and how she gave it; without, she gave none."""
    given = [word for word in re.split(r"[,，;；、|\s]+", said.get("consent", "")) if word]
    if not given:
        return
    unknown = [word for word in given if word not in known.purposes]
    if unknown:
        line.faults.append(Fault(FIELDS["consent"].title, "没有这个授权项", is_fatal=False))
    on, proof = _past(line, "consent_at", said, known.today), said.get("consent_proof", "")
    if on is None or not proof:
        told = "没有同意的时间和凭证，按没有同意导入"
        line.faults.append(Fault(FIELDS["consent"].title, told, is_fatal=False))
        return
    line.purposes = tuple(
        dict.fromkeys(known.purposes[word] for word in given if word in known.purposes)
    )
    line.consent_on, line.proof = on, proof[:500]


def moment(day: date | None, otherwise: datetime) -> datetime:
    """The beginning of a day in the zone of `otherwise`, or that itself."""
    if day is None:
        return otherwise
    return datetime(day.year, day.month, day.day, tzinfo=otherwise.tzinfo)


def portions(
    rows: Iterable[tuple[list[str], int]], size: int, first: int
) -> Iterator[tuple[int, list[list[str]], int]]:
    """Rows some at a time: the number of the first, the rows, the place after the last."""
    held: list[list[str]] = []
    after = 0
    for row, place in rows:
        held.append(row)
        after = place
        if len(held) == size:
            yield first, held, after
            first += size
            held = []
    if held:
        yield first, held, after
