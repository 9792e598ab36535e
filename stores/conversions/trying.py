"""A proposed rule, computed beside those in force before it may count: portion by portion.

Nobody's credits change here; what stands in a trial is what would have been.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection
from django.db.models import Max, QuerySet

from kit.actions import action, must_be_in_action, scope_of
from kit.actor import Actor
from stores.conversions.errors import NothingToTry, Untried
from stores.conversions.models import Credit, CreditRule, RuleTrial, TrialShare
from stores.conversions.steps import judged_beside
from stores.ledger.models import PurchaseLine

PORTION: Final = 500
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
    lines = list(
        _sales(trial.since, trial.until)
        .filter(pk__gt=trial.after, pk__lte=trial.last)
        .order_by("pk")[:size]
    )
    if not lines:
        trial.finished_at = at
        trial.save(update_fields=["finished_at"])
        return False
    _compare(trial, lines)
    trial.after = lines[-1].pk
    trial.save(update_fields=["after", "lines", "changed", "examples"])
    return True


def carry_on_trials(at: datetime, *, portions: int = 40, size: int = PORTION) -> int:
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

    A house that has sold nothing lately has nothing to try a rule on.
    """
    must_be_in_action()
    tried = RuleTrial.objects.filter(rule=rule, finished_at__gte=at - TRIED_FOR).exists()
    if not tried and _sales(at - TRIED_OVER, at).exists():
        raise Untried


def _sales(since: datetime, until: datetime) -> QuerySet[PurchaseLine]:
    return PurchaseLine.objects.filter(sold_at__gte=since, sold_at__lt=until, refund_of="")


def _compare(trial: RuleTrial, lines: Sequence[PurchaseLine]) -> None:
    now, then = judged_beside(
        [(line.source, line.receipt_no, line.line) for line in lines], trial.rule
    )
    _add(trial, now, then)
    shares_now, shares_then = _by_sale(now), _by_sale(then)
    moved = []
    for line in lines:
        name = (line.source, f"{line.receipt_no}/{line.line}")
        before, after = shares_now[name], shares_then[name]
        if before != after:
            moved.append(_example(line, before, after))
    trial.lines += len(lines)
    trial.changed += len(moved)
    ranked = sorted([*trial.examples, *moved], key=lambda one: (-one["moved"], one["receipt_no"]))
    trial.examples = ranked[:_MOST_EXAMPLES]


def _add(trial: RuleTrial, now: Sequence[Credit], then: Sequence[Credit]) -> None:
    must_be_in_action()
    before: Counter[tuple[int, int]] = Counter()
    after: Counter[tuple[int, int]] = Counter()
    for total, credits in ((before, now), (after, then)):
        for credit in credits:
            total[credit.store_no, credit.guide_no] += credit.amount
    keys = sorted(before.keys() | after.keys())
    with connection.cursor() as cursor:
        cursor.execute(
            _ADD,
            {
                "trial": trial.pk,
                "stores": [store for store, _ in keys],
                "guides": [guide for _, guide in keys],
                "now": [before[key] for key in keys],
                "then": [after[key] for key in keys],
            },
        )


def _by_sale(credits: Sequence[Credit]) -> dict[tuple[str, str], dict[int, int]]:
    """Source and line of the sale → guide → what is left to her after the refunds."""
    found: dict[tuple[str, str], Counter[int]] = defaultdict(Counter)
    for credit in credits:
        sale = credit.refund_of or f"{credit.receipt_no}/{credit.line}"
        found[credit.source, sale][credit.guide_no] += credit.amount
    return defaultdict(
        dict, {name: {g: a for g, a in shares.items() if a} for name, shares in found.items()}
    )


def _example(line: PurchaseLine, before: dict[int, int], after: dict[int, int]) -> dict[str, Any]:
    guides = before.keys() | after.keys()
    return {
        "receipt_no": line.receipt_no,
        "line": line.line,
        "amount": line.amount,
        "moved": sum(max(0, after.get(guide, 0) - before.get(guide, 0)) for guide in guides)
        or sum(before.values()) - sum(after.values()),
        "now": {str(guide): amount for guide, amount in sorted(before.items())},
        "then": {str(guide): amount for guide, amount in sorted(after.items())},
    }


def shares_of(trial: RuleTrial) -> list[TrialShare]:
    """What would change, the largest change first."""
    return sorted(
        trial.shares.all(), key=lambda share: (-abs(share.then - share.now), share.guide_no)
    )
