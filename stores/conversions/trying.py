"""A proposed rule, computed beside those in force before it may count: portion by portion.

Nobody's credits change here; what stands in a trial is what would have been.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from heapq import nsmallest
from typing import Any, Final, NamedTuple

from django.db import connection
from django.db.models import Max, QuerySet

from kit.actions import action, must_be_in_action, scope_of
from kit.actor import Actor
from stores.conversions.errors import NothingToTry, Untried
from stores.conversions.models import CreditRule, RuleTrial, TrialShare
from stores.conversions.steps import Kept, judged_beside
from stores.ledger.models import PurchaseLine
from stores.ledger.queries import SoldLine, sold_lines

# Store and guide → what her sales there come to.
Sums = dict[tuple[int, int], int]
# So many that a commit and the questions cost little beside them, so few that they fit in memory.
PORTION: Final = 10_000
# The sales a rule is tried on when it is proposed, and for how long what was seen may be relied on.
TRIED_OVER: Final = timedelta(days=90)
TRIED_FOR: Final = timedelta(days=30)
_MOST_EXAMPLES: Final = 20
_ADD = """
INSERT INTO stores_trialshare AS share (trial_id, store_no, guide_no, now, "then")
SELECT %(trial)s, store_no, guide_no, now, "then"
FROM unnest(%(stores)s::bigint[], %(guides)s::bigint[], %(now)s::bigint[], %(then)s::bigint[])
  AS told (store_no, guide_no, now, "then")
ON CONFLICT (trial_id, store_no, guide_no) DO UPDATE
SET now = share.now + excluded.now, "then" = share."then" + excluded."then"
"""


@action
def begin_trial(rule: CreditRule, *, since: datetime, until: datetime, by: Actor) -> RuleTrial:
    """Compute the rule over the sales of a time; a trial that runs is gone on with.

    Raises NothingToTry when nothing was sold then.
    """
    CreditRule.objects.select_for_update().get(pk=rule.pk)
    running = RuleTrial.objects.filter(rule=rule, finished_at=None).first()
    if running is not None:
        return running
    last = _sales(since, until).aggregate(last=Max("pk"))["last"]
    if last is None:
        raise NothingToTry
    return RuleTrial.objects.create(rule=rule, since=since, until=until, last=last)


@action
def compare_portion(key: int, *, at: datetime, by: Actor, size: int = PORTION) -> bool:
    """Compare the next sales of a trial; whether more are left. Two workers never do the same."""
    trial = (
        RuleTrial.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("rule")
        .filter(pk=key, finished_at=None)
        .first()
    )
    if trial is None:
        return False
    left = _sales(trial.since, trial.until).filter(pk__gt=trial.after, pk__lte=trial.last)
    lines = sold_lines(left.order_by("pk")[:size])
    if not lines:
        trial.finished_at = at
        trial.save(update_fields=["finished_at"])
        return False
    _compare(trial, lines)
    trial.after = lines[-1].pk
    trial.save(update_fields=["after", "lines", "changed", "examples"])
    return True


def carry_on_trials(at: datetime, *, portions: int = 4, size: int = PORTION) -> int:
    """Go on with every trial that is under way, so many portions each; how many were compared."""
    us = Actor.system("tries a rule")
    with scope_of(us):
        keys = list(RuleTrial.objects.filter(finished_at=None).values_list("pk", flat=True))
    done = 0
    for key in keys:
        for _ in range(portions):
            if not compare_portion(key, at=at, by=us, size=size):
                break
            done += 1
    return done


def must_be_tried(rule: CreditRule, at: datetime) -> None:
    """Refuse a rule that nobody has seen the effect of; raises Untried. A step.

    A house that has sold nothing lately has nothing to try a rule on. Whoever does not see all of
    its stores cannot say so.
    """
    by = must_be_in_action()
    if RuleTrial.objects.filter(rule=rule, finished_at__gte=at - TRIED_FOR).exists():
        return
    if not by.scope.everything or _sales(at - TRIED_OVER, at).exists():
        raise Untried


def _sales(since: datetime, until: datetime) -> QuerySet[PurchaseLine]:
    return PurchaseLine.objects.filter(sold_at__gte=since, sold_at__lt=until, refund_of="")


def _compare(trial: RuleTrial, lines: Sequence[SoldLine]) -> None:
    before: Sums = defaultdict(int)
    after: Sums = defaultdict(int)
    moved = []
    for line, now, then in judged_beside(lines, trial.rule):
        for total, shares in ((before, now), (after, then)):
            for guide, amount in shares.items():
                total[line.store_no, guide] += amount
        if now != then and (now := _without_nothing(now)) != (then := _without_nothing(then)):
            moved.append(_Moved.of(line, now, then))
    _add(trial, before, after)
    trial.lines += len(lines)
    trial.changed += len(moved)
    examples = [one.as_example() for one in nsmallest(_MOST_EXAMPLES, moved, key=_Moved.in_order)]
    ranked = sorted(
        [*trial.examples, *examples], key=lambda one: (-one["moved"], one["receipt_no"])
    )
    trial.examples = ranked[:_MOST_EXAMPLES]


class _Moved(NamedTuple):
    """A sale that the rule on trial would credit otherwise, and by how much."""

    line: SoldLine
    now: Kept
    then: Kept
    amount: int

    @classmethod
    def of(cls, line: SoldLine, now: Kept, then: Kept) -> _Moved:
        gained = sum(max(0, part - now.get(guide, 0)) for guide, part in then.items())
        return cls(line, now, then, gained or sum(now.values()) - sum(then.values()))

    def in_order(self) -> tuple[int, str]:
        return -self.amount, self.line.receipt_no

    def as_example(self) -> dict[str, Any]:
        return {
            "receipt_no": self.line.receipt_no,
            "line": self.line.line,
            "amount": self.line.amount,
            "moved": self.amount,
            "now": {str(guide): amount for guide, amount in sorted(self.now.items())},
            "then": {str(guide): amount for guide, amount in sorted(self.then.items())},
        }


def _without_nothing(shares: Kept) -> Kept:
    return {guide: amount for guide, amount in shares.items() if amount}


def _add(trial: RuleTrial, before: Sums, after: Sums) -> None:
    must_be_in_action()
    keys = sorted(before.keys() | after.keys())
    with connection.cursor() as cursor:
        cursor.execute(
            _ADD,
            {
                "trial": trial.pk,
                "stores": [store for store, _ in keys],
                "guides": [guide for _, guide in keys],
                "now": [before.get(key, 0) for key in keys],
                "then": [after.get(key, 0) for key in keys],
            },
        )


def shares_of(trial: RuleTrial) -> list[TrialShare]:
    """What would change, the largest change first."""
    return sorted(
        trial.shares.all(), key=lambda share: (-abs(share.then - share.now), share.guide_no)
    )
