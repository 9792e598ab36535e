"""What this room moves when two members are one: points with their dates, coupons, adjustments.

Both accounts stay; entries move what the one holds to the other, so that the ledger says it too.
"""

from __future__ import annotations

from datetime import date

from django.db.models import F, Sum
from django.utils import timezone

from members.identity.merging import Moved, Mover, Pair, give_rows_back, move_rows
from members.identity.models import Member
from members.rewards.models import Coupon
from members.rewards.models_of_outside import OutsideBalance, OutsideDifference, PointsProposal
from members.rewards.models_of_points import (
    EntryKind,
    PointsAccount,
    PointsAdjustment,
    PointsEntry,
    TierStanding,
)
from members.rewards.points import account_of, usable_lots, write_entry
from members.rewards.rules import Change, Lot, taken_back, taken_from_lots

_ROWS = (
    (Coupon, "member"),
    (PointsAdjustment, "member"),
    (PointsProposal, "member"),
    (OutsideBalance, "member"),
    (OutsideDifference, "member"),
)


class _Passing:
    """Writes the same points out of one account and into another, as entries of one merge."""

    def __init__(self, pair: Pair, giver: Member, taker: Member, word: str) -> None:
        self.giver, self.taker = account_of(giver), account_of(taker)
        self.pair, self.word, self.count = pair, word, 0

    def write(
        self,
        account: PointsAccount,
        change: Change,
        *,
        source: str = "",
        expires_on: date | None = None,
        of: PointsEntry | None = None,
    ) -> None:
        """One side alone."""
        self.count += 1
        write_entry(
            account,
            EntryKind.MERGE,
            change,
            once=f"{self.pair.key}:{self.word}:{self.count}",
            source=source,
            at=self.pair.at,
            rule=of.rule if of is not None else None,
            due_on=of.due_on if of is not None else None,
            expires_on=expires_on,
        )

    def pass_on(
        self,
        change: Change,
        *,
        source: str = "",
        expires_on: date | None = None,
        of: PointsEntry | None = None,
    ) -> None:
        """Both sides."""
        minus = Change(-change.points, -change.pending, -change.owed)
        self.write(self.giver, minus, source=source)
        self.write(self.taker, change, source=source, expires_on=expires_on, of=of)


def _move(pair: Pair) -> Moved:
    moved: Moved = {model._meta.label: move_rows(model, field, pair) for model, field in _ROWS}
    moved["newest"] = PointsEntry.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    moved["lots"], moved["owed"] = [], 0
    if not PointsAccount.objects.filter(member=pair.gone).exists():
        return moved
    passing = _Passing(pair, pair.gone, pair.kept, "to")
    account = passing.giver
    moved["lots"] = [[lot.points, _said(lot.expires_on)] for lot in usable_lots(account)]
    moved["owed"] = account.owed
    for points, entry in _waiting(account):
        passing.pass_on(Change(pending=points), source=entry.source, of=entry)
    for points, day in moved["lots"]:
        passing.pass_on(Change(points=points), expires_on=_read(day))
    if moved["owed"]:
        passing.pass_on(Change(owed=moved["owed"]))
    return moved


def _part(pair: Pair, moved: Moved) -> list[str]:
    said = []
    for model, field in _ROWS:
        lost = give_rows_back(model, field, moved[model._meta.label], pair)
        if lost:
            said.append(f"{model._meta.verbose_name}：{lost} 条已不在，没有移回")
    if not PointsAccount.objects.filter(member=pair.gone).exists():
        return [*said, *_came_since(pair, moved["newest"])]
    passing = _Passing(pair, pair.kept, pair.gone, "back")
    lines = _lines_of_both(passing)
    lost_lines = {source: -worth for source, worth in lines.items() if worth < 0}
    for source, points in lost_lines.items():
        # It was the gone one's purchase that came back: the kept one did not lose these.
        owed = min(points, passing.giver.owed)
        passing.write(passing.giver, Change(points=points - owed, owed=-owed), source=source)
    short = _return_lots(passing, moved)
    for source, points in lost_lines.items():
        change = taken_back(points, pending=0, balance=passing.taker.balance)
        passing.write(passing.taker, change, source=source)
    short += sum(_return_line(passing, source) for source, worth in lines.items() if worth > 0)
    if short:
        said.append(f"积分已被用掉，少还 {short} 分，请核对")
    return [*said, *_came_since(pair, moved["newest"])]


def _return_lots(passing: _Passing, moved: Moved) -> int:
    """Usable points go back with their dates, as far as they are there; how many are missing."""
    today = timezone.localdate(passing.pair.at)
    lots = [Lot(points, _read(day)) for points, day in moved["lots"]]
    alive = [lot for lot in lots if lot.expires_on is None or lot.expires_on >= today]
    wanted = sum(lot.points for lot in alive)
    back = min(wanted, passing.giver.balance)
    for lot in taken_from_lots(alive, points=back):
        passing.pass_on(Change(points=lot.points), expires_on=lot.expires_on)
    owed = min(moved["owed"], passing.giver.owed)
    if owed:
        passing.pass_on(Change(owed=owed))
    return wanted - back


def _lines_of_both(passing: _Passing) -> dict[str, int]:
    """The gone one's receipt lines, and what they are worth under the kept account."""
    theirs = passing.taker.entries.filter(source__startswith="line:").values("source")
    worth = (
        passing.giver.entries.filter(source__in=theirs)
        .values_list("source")
        .annotate(worth=Sum(F("points") + F("pending") - F("owed")))
        .order_by("source")
    )
    return {source: int(points) for source, points in worth.values_list("source", "worth")}


def _return_line(passing: _Passing, source: str) -> int:
    """A line goes back as it is today, waiting or usable; how many points are missing."""
    entries = passing.giver.entries.filter(source=source)
    sums = entries.aggregate(
        waits=Sum("pending"), worth=Sum(F("points") + F("pending") - F("owed"))
    )
    waiting, worth = max(0, sums["waits"] or 0), max(0, sums["worth"] or 0)
    if waiting:
        first = entries.filter(pending__gt=0).select_related("rule").order_by("-pk").first()
        passing.pass_on(Change(pending=waiting), source=source, of=first)
    usable = min(worth - waiting, passing.giver.balance)
    if usable > 0:
        released = entries.filter(kind=EntryKind.RELEASE).order_by("-pk").first()
        expires_on = released.expires_on if released is not None else None
        passing.pass_on(Change(points=usable), source=source, expires_on=expires_on)
    return worth - waiting - max(0, usable)


def _waiting(account: PointsAccount) -> list[tuple[int, PointsEntry]]:
    """What still waits, line by line, with the entry that says since when."""
    sums = (
        account.entries.exclude(pending=0)
        .values("source")
        .annotate(total=Sum("pending"))
        .filter(total__gt=0)
        .order_by("source")
    )
    found = []
    for row in sums:
        entry = (
            account.entries.filter(source=row["source"], pending__gt=0)
            .select_related("rule")
            .order_by("-pk")
            .first()
        )
        if entry is not None:
            found.append((int(row["total"]), entry))
    return found


def _came_since(pair: Pair, newest: int) -> list[str]:
    entries = (
        PointsEntry.objects.filter(account__member=pair.kept, pk__gt=newest)
        .exclude(kind=EntryKind.MERGE)
        .count()
    )
    coupons = Coupon.objects.filter(member=pair.kept, issued_at__gte=pair.merge.at).count()
    counts = {"笔积分": entries, "张券": coupons}
    return [f"合并后新增的 {n} {what}留在保留的会员名下" for what, n in counts.items() if n]


def _said(day: date | None) -> str:
    return day.isoformat() if day else ""


def _read(day: str) -> date | None:
    return date.fromisoformat(day) if day else None


# Why she has her tier is worked out anew every night.
MOVER = Mover(
    frozenset(
        {
            *(model._meta.label for model, _ in _ROWS),
            PointsAccount._meta.label,
            TierStanding._meta.label,
        }
    ),
    _move,
    _part,
)
