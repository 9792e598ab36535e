"""Lists of people leave head office by two persons: one asks, another approves, it is taken once.

What may be in a list, and of whom, a higher room says (`switchboard.EXPORTS`): each column with its
grade. Nothing graded sensitive is offered. The file opens with a password that the asker alone was
shown, on another page; it is made while it is taken, so that nothing of it waits anywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from django.conf import settings
from django.utils import timezone
from django.utils.module_loading import import_string

from kit.actions import action, scope_of
from kit.actor import Actor
from kit.classified import Grade
from kit.fields import shown_id
from members.privacy.errors import ExportRefused
from members.privacy.models_of_duty import DataExport
from members.privacy.parcels import new_password, parcel
from members.privacy.steps import record_disclosure
from members.privacy.watching import note_lists
from stores.org.models import Account

# What was approved is taken the same day, while it is still true; and what nobody approved is over.
TAKEN_WITHIN: Final = timedelta(days=1)
WAITS: Final = timedelta(days=7)
MOST_PEOPLE: Final = 100_000


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a list: its head, its grade, and the cell of a row."""

    title: str
    grade: Grade
    cell: Callable[[Any], object]


@dataclass(frozen=True, slots=True)
class Source:
    """A kind of list: which lists there are (key and title), their columns, their people now.

    `rows` answers with objects that have a `pk`, the member's number; within the scope around it.
    """

    words: str
    choices: Callable[[], Sequence[tuple[str, str]]]
    columns: Mapping[str, Column]
    rows: Callable[[str, datetime], Iterable[Any]]
    count: Callable[[str, datetime], int]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody asks for."""

    what: str
    key: str
    columns: Sequence[str]
    recipient: str
    purpose: str


def sources() -> dict[str, Source]:
    """Every kind of list by its name."""
    paths: Mapping[str, str] = import_string(settings.EXPORTS)
    return {name: import_string(path) for name, path in paths.items()}


def ask_for_export(wanted: Wanted, *, account: Account, by: Actor) -> DataExport:
    """Ask for a list; nothing leaves yet. Refuses what says not what for, to whom, or of whom."""
    source = sources().get(wanted.what)
    if source is None or not set(wanted.columns) <= set(source.columns) or not wanted.columns:
        raise ExportRefused("请选一份名单和要导出的内容。")
    if not wanted.recipient.strip() or not wanted.purpose.strip():
        raise ExportRefused("请写明给谁用、做什么用。")
    with scope_of(by):
        title = dict(source.choices()).get(wanted.key)
        count = source.count(wanted.key, timezone.now()) if title else 0
    if title is None:
        raise ExportRefused("没有这份名单。")
    if count > MOST_PEOPLE:
        raise ExportRefused(f"一次最多导出 {MOST_PEOPLE:,} 人，请缩小范围。")
    return _ask(wanted, title, count, account=account, by=by)


@action
def _ask(wanted: Wanted, title: str, count: int, *, account: Account, by: Actor) -> DataExport:
    source = sources()[wanted.what]
    grades = [source.columns[name].grade for name in wanted.columns]
    return DataExport.objects.create(
        what=wanted.what,
        about={"key": wanted.key},
        title=f"{source.words}：{title}"[:160],
        columns=[name for name in source.columns if name in wanted.columns],
        grade=max(grades, key=list(Grade).index),
        recipient=wanted.recipient.strip()[:120],
        purpose=wanted.purpose.strip()[:200],
        count=count,
        asked_by=account,
    )


@action
def approve_export(export_id: int, *, account: Account, by: Actor) -> DataExport:
    """Another person lets it leave; approved before, unchanged.

    Refuses who asked for it, and what was refused or is over.
    """
    row = _open(export_id, account)
    if row.decided_at is not None and not row.refused_because:
        return row
    _must_wait(row)
    row.decided_by, row.decided_at = account, timezone.now()
    row.save(update_fields=["decided_by", "decided_at"])
    return row


@action
def refuse_export(export_id: int, *, because: str, account: Account, by: Actor) -> DataExport:
    """Another person does not; the reason is what the asker reads. Refuses without one."""
    row = _open(export_id, account)
    _must_wait(row)
    if not because.strip():
        raise ExportRefused("请写明不同意的理由。")
    row.decided_by, row.decided_at = account, timezone.now()
    row.refused_because = because.strip()[:200]
    row.save(update_fields=["decided_by", "decided_at", "refused_because"])
    return row


@action
def show_password(export_id: int, *, account: Account, by: Actor) -> str:
    """What will open the file: to who asked for it, before it is taken. Nobody is told it twice.

    Asked again it is another one, and the former opens nothing. Refuses what `take_export` refuses.
    """
    row = _takeable(export_id, account, timezone.now())
    row.password = password = new_password()
    row.save(update_fields=["password"])
    return password


@action
def take_export(export_id: int, *, account: Account, by: Actor) -> tuple[str, bytes]:
    """The file, once, to who asked for it: name and content, with its line in the register.

    Whom the asker's scope does not meet is not in it. Refuses what nobody approved, what was taken,
    an approval of more than a day ago, and whoever has not seen the password.
    """
    now = timezone.now()
    row = _takeable(export_id, account, now)
    if row.password is None:
        raise ExportRefused("请先看打开文件的密码，再取文件。")
    numbers, content = _file_of(row, account, now)
    row.taken_at, row.sha256, row.password = now, sha256(content).hexdigest(), None
    row.save(update_fields=["taken_at", "sha256", "password"])
    record_disclosure(
        what="list_export",
        recipient=row.recipient,
        purpose=f"{row.title}：{row.purpose}"[:200],
        fields=row.columns,
        count=len(numbers),
        members=numbers,
    )
    note_lists(account.pk, str(by), now)
    return f"{row.what}-{timezone.localdate(now)}-{number_of(row)}.xlsx", content


def number_of(row: DataExport) -> str:
    """By what a file, its lines and its page are known to belong together."""
    return shown_id(row.public_id)[-8:]


def _takeable(export_id: int, account: Account, now: datetime) -> DataExport:
    rows = DataExport.objects.select_for_update(of=("self",)).select_related("decided_by")
    row = rows.get(pk=export_id)
    if row.asked_by_id != account.pk:
        raise ExportRefused("只有申请人自己能取走这份名单。")
    if row.decided_by is None or row.decided_at is None or row.refused_because:
        raise ExportRefused("还没有第二个人批准。")
    if row.taken_at is not None:
        raise ExportRefused("这份名单已经取走过一次。再要请另外申请。")
    if is_over(row, now):
        raise ExportRefused("批准已经过了一天，请重新申请。")
    return row


def _file_of(row: DataExport, account: Account, at: datetime) -> tuple[list[int], bytes]:
    """The parcel; each line bears whose copy it is, and so does each printed page."""
    source = sources()[row.what]
    chosen = [source.columns[name] for name in row.columns]
    # Whoever passes a line on passes on where it came from.
    mark = f"{account.name} {timezone.localtime(at):%Y-%m-%d %H:%M} {number_of(row)}"
    numbers: list[int] = []

    def lines() -> Iterator[list[object]]:
        for one in source.rows(row.about["key"], at):
            numbers.append(one.pk)
            yield [*(column.cell(one) for column in chosen), mark]

    head = [*(column.title for column in chosen), "水印"]
    made = parcel(head, lines(), mark=mark, password=row.password or "")
    return numbers, made


def _open(export_id: int, account: Account) -> DataExport:
    row = DataExport.objects.select_for_update(of=("self",)).get(pk=export_id)
    if row.asked_by_id == account.pk:
        raise ExportRefused("自己申请的名单要由另一个人审批。")
    return row


def is_over(row: DataExport, at: datetime) -> bool:
    """Whether the time for its next step has run out."""
    if row.taken_at is not None or row.refused_because:
        return False
    if row.decided_at is None:
        return at - row.asked_at > WAITS
    return at - row.decided_at > TAKEN_WITHIN


def _must_wait(row: DataExport) -> None:
    if row.decided_at is not None:
        raise ExportRefused("这份申请已经有人审批过了。")
    if is_over(row, timezone.now()):
        raise ExportRefused("申请已经过了七天，请重新申请。")
