"""The nightly reckoning: who is to be scored again, in which portions, how far it came.

`carry_on` is one action and does one portion; `reckon` calls it until the run is finished. A run
that died is an open row and is carried on from its position by whoever comes next.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final

from django.db import connection
from django.utils import timezone

from kit.actions import action
from kit.actor import Actor
from kit.events import emit_many
from kit.fields import shown_id
from members.identity.models import Member
from members.lifecycle import facts
from members.lifecycle.models import LifecycleRun, MemberStage, Yardstick
from members.lifecycle.queries import summarise
from members.lifecycle.scoring import Move, Reckoner, Which, between, due, known
from members.lifecycle.yardsticks import measure, published_rule
from members.privacy.models_of_duty import Activity
from members.privacy.pia import in_force, must_be_signed
from stores.org.models import LegalEntity

Kind = LifecycleRun.Kind
NIGHT: Final = Actor.system("lifecycle")

# One portion, one commit: this many members by number, or this many persons one by one.
PORTION: Final = 250_000
FEW: Final = 20_000
# Cut points and model are measured anew so often; then everybody is scored.
MEASURED_FOR: Final = timedelta(days=7)
# What was committed while a run began may have lower numbers than what the run saw; nothing takes
# an hour to commit, so each run looks back to a mark at least that old.
SURELY_COMMITTED: Final = timedelta(hours=1)

_DIRTY: Final = """
CREATE TEMP TABLE lifecycle_due AS
WITH RECURSIVE touched AS (
  SELECT p.member_no FROM stores_purchaseline p
  WHERE p.id > %(lines)s AND p.member_no IS NOT NULL
  UNION
  SELECT r.member_no FROM stores_receiptmember r WHERE r.id > %(claims)s
  UNION
  SELECT COALESCE(sale.member_no, late.member_no)
  FROM stores_purchaseline back
  JOIN stores_receiptkey s ON s.source = back.source
    AND s.receipt_no = split_part(back.refund_of, '/', 1)
    AND s.line = split_part(back.refund_of, '/', 2)::int
  JOIN stores_purchaseline sale ON sale.id = s.purchase_line AND sale.sold_at = s.sold_at
  LEFT JOIN stores_receiptmember late
    ON late.source = s.source AND late.receipt_no = s.receipt_no AND sale.member_no IS NULL
  WHERE back.id > %(lines)s AND back.refund_of <> ''
  UNION
  SELECT unnest(ARRAY[m.member_no, m.into_no]) FROM stores_mergedmember m
  WHERE m.at >= %(since)s OR m.undone_at >= %(since)s
), present AS (
  SELECT member_no AS person FROM touched WHERE member_no IS NOT NULL
  UNION
  SELECT m.into_no FROM present p
  JOIN stores_mergedmember m ON m.member_no = p.person AND m.undone_at IS NULL
)
SELECT person FROM present WHERE person > %(position)s ORDER BY person
"""


def reckon(kind: str | None = None, *, on: date | None = None) -> LifecycleRun:
    """Run to the end; the finished run. Without a kind: what is due, everybody once a week.

    An open run is carried on first, whatever its kind. Refuses without a signed assessment of
    profiling: AssessmentMissing.
    """
    run = begin(kind, on=on, by=NIGHT)
    try:
        while run.finished_at is None:
            run = carry_on(run.pk, by=NIGHT)
    finally:
        facts.forget_gathered()
    return run


@action
def begin(kind: str | None = None, *, on: date | None = None, by: Actor) -> LifecycleRun:
    """The open run, or a new one as of a day; for everybody it measures a new yardstick first."""
    now = timezone.now()
    # What another run left in this session is older than this one.
    facts.forget_gathered()
    entities = assessed_entities(now)
    if not entities:
        must_be_signed(Activity.PROFILING, at=now)
    unfinished = LifecycleRun.objects.filter(finished_at=None).order_by("pk").first()
    if unfinished is not None:
        return unfinished
    on = on or timezone.localdate(now)
    kind = kind or _what_is_due(on)
    lines, claims = _marks()
    if kind == Kind.EVERYBODY:
        facts.gather_everybody()
        yardstick = measure(on, now, entities)
    else:
        yardstick = Yardstick.objects.order_by("-pk")[:1].get()
    return LifecycleRun.objects.create(
        kind=kind,
        on=on,
        yardstick=yardstick,
        lines_mark=lines,
        claims_mark=claims,
        started_at=now,
    )


@action
def carry_on(run_id: int, *, by: Actor) -> LifecycleRun:
    """One portion of a run: scored, counted, its place kept, who moved told. All of it or none.

    Emits `stage_changed` for everybody who moved.
    """
    run = LifecycleRun.objects.select_for_update().select_related("yardstick__rule").get(pk=run_id)
    if run.finished_at is not None:
        return run
    now = timezone.now()
    reckoner = Reckoner(run.yardstick, run.on, now, assessed_entities(now))
    if run.kind == Kind.EVERYBODY:
        which = _portion_of_everybody(run, reckoner)
    else:
        which = _portion_of_changes(run, reckoner)
    if which is None:
        run.finished_at, run.summary = timezone.now(), summarise(run.on)
        run.save(update_fields=["finished_at", "summary"])
        return run
    scored = reckoner.score(which)
    run.scored += scored.scored
    run.removed += scored.removed
    run.moved += len(scored.moves)
    run.save(update_fields=["position", "scored", "removed", "moved"])
    tell_moves(scored.moves, run.on)
    return run


@action
def score_again(members: Sequence[int], *, by: Actor) -> int:
    """Score these members now, from the ledger; how many moved. For one who has just agreed.

    Before the first run of the house, and without an assessment, nothing is computed.
    """
    now = timezone.now()
    yardstick = Yardstick.objects.select_related("rule").order_by("-pk").first()
    entities = assessed_entities(now)
    if yardstick is None or not entities:
        return 0
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS lifecycle_due")
        cursor.execute(
            "CREATE TEMP TABLE lifecycle_due AS SELECT unnest(%s::bigint[]) AS person",
            [sorted(set(members))],
        )
    facts.gather_due()
    reckoner = Reckoner(yardstick, timezone.localdate(now), now, entities)
    reckoner.foresee()
    scored = reckoner.score(due(members))
    tell_moves(scored.moves, timezone.localdate(now))
    facts.forget_gathered()
    return len(scored.moves)


def assessed_entities(at: datetime) -> list[int]:
    """The legal entities whose assessment of profiling is signed and in force."""
    signed = set(in_force(Activity.PROFILING, at).values_list("entity", flat=True))
    return sorted(LegalEntity.objects.filter(pk__in=signed).values_list("pk", flat=True))


def tell_moves(moves: Sequence[Move], on: date) -> None:
    """One event for each member who went from one stage to another. A step."""
    ids = dict(
        Member.objects.filter(pk__in=[move.member for move in moves]).values_list("pk", "public_id")
    )
    emit_many(
        "stage_changed",
        [
            (
                f"member:{shown_id(ids[move.member])}",
                {
                    "member": move.member,
                    "before": move.before,
                    "stage": move.stage,
                    "on": on.isoformat(),
                },
            )
            for move in moves
        ],
    )


def _portion_of_everybody(run: LifecycleRun, reckoner: Reckoner) -> Which | None:
    """The next members by number. What was gathered is gathered again in a new session."""
    last = Member.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    if run.position >= last:
        return None
    if not _is_gathered("lifecycle_bought"):
        facts.gather_everybody()
    if not _is_gathered("lifecycle_outlook"):
        reckoner.foresee()
    which = between(run.position, run.position + PORTION)
    run.position += PORTION
    return which


def _portion_of_changes(run: LifecycleRun, reckoner: Reckoner) -> Which | None:
    """First those of whom the ledger has news, by number; then those for whom time has come."""
    if run.position >= 0:
        if not _is_gathered("lifecycle_due"):
            _gather_news(run)
            facts.gather_due()
            reckoner.foresee()
        found = _next_due(run.position)
        if found:
            run.position = found[-1]
            return due(found)
        # From here on the position only says that the news are done.
        run.position = -1
    waiting = MemberStage.objects.filter(look_again_on__lte=run.on).order_by("look_again_on")
    members = list(waiting.values_list("pk", flat=True)[:FEW])
    if not members:
        return None
    which = known(members)
    reckoner.foresee(which)
    return which


def _gather_news(run: LifecycleRun) -> None:
    """Of whom the ledger has news since the run before, beyond where this one stands."""
    before = (
        LifecycleRun.objects.exclude(finished_at=None)
        .filter(started_at__lte=run.started_at - SURELY_COMMITTED)
        .order_by("-started_at")
        .first()
    )
    with connection.cursor() as cursor:
        cursor.execute(
            _DIRTY,
            {
                "lines": before.lines_mark if before else 0,
                "claims": before.claims_mark if before else 0,
                "since": (before or run).started_at - SURELY_COMMITTED,
                "position": run.position,
            },
        )
        cursor.execute("ANALYZE lifecycle_due")


def _next_due(position: int) -> list[int]:
    """The next persons of `lifecycle_due`, by number."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT person FROM lifecycle_due WHERE person > %s ORDER BY person LIMIT %s",
            [position, FEW],
        )
        return [person for (person,) in cursor.fetchall()]


def _what_is_due(on: date) -> str:
    newest = Yardstick.objects.order_by("-pk").first()
    if newest is None or newest.rule_id != published_rule().pk:
        return Kind.EVERYBODY
    return Kind.EVERYBODY if on - newest.measured_on >= MEASURED_FOR else Kind.CHANGES


def _marks() -> tuple[int, int]:
    """The highest numbers in the ledger now, of lines and of late claims."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT COALESCE(max(id), 0) FROM stores_purchaseline),"
            " (SELECT COALESCE(max(id), 0) FROM stores_receiptmember)"
        )
        lines, claims = cursor.fetchone()
    return lines, claims


def _is_gathered(table: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [f"pg_temp.{table}"])
        return bool(cursor.fetchone()[0])
