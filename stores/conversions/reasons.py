"""Why each credit is whose it is: the sentence, the touches behind it, the rule that said so.

Read again from the ledger within the looker's scope: a guide sees what backs her own credit.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from stores.conversions.explanations import Because, rule_in_words, tag_of, why
from stores.conversions.models import Credit
from stores.conversions.rules import read_terms
from stores.ledger.models import Ownership, Touch
from stores.ledger.queries import numbers_of

# The touches that earn a credit lie within the longest window a rule may have.
_REACH = timedelta(days=3650)


def reasons_for(
    credits: Collection[Credit], *, looker: int, guides: Mapping[int, str]
) -> list[dict[str, Any]]:
    """Each reason once, with the lines and the money it stands for; three queries."""
    touches = _touches(credits)
    owned = _owned_since(credits)
    found: dict[Any, dict[str, Any]] = {}
    for credit in credits:
        key = (credit.guide_no, credit.reason, tuple(credit.touches), credit.rule_id)
        reason = found.get(key)
        if reason is None:
            known = [touches[number] for number in credit.touches if number in touches]
            since = owned.get((credit.guide_no, credit.pk))
            reason = found[key] = {
                **_reason(credit, since, is_own=credit.guide_no == looker, guides=guides),
                "touches": known,
                "amount": 0,
                "lines": [],
            }
        reason["amount"] += credit.amount
        reason["lines"].append(credit.line)
    return list(found.values())


def _reason(
    credit: Credit, owned_since: datetime | None, *, is_own: bool, guides: Mapping[int, str]
) -> dict[str, Any]:
    terms = read_terms(credit.rule.terms)
    because = Because(
        reason=credit.reason,
        terms=terms,
        who="你" if is_own else guides.get(credit.guide_no, "这位导购"),
        is_member=credit.member_no is not None,
        owned_since=owned_since,
        touches=len(credit.touches),
    )
    return {
        "tag": tag_of(credit.reason),
        "who": because.who,
        "is_own": is_own,
        "why": why(because),
        "rule": credit.rule,
        "rungs": rule_in_words(terms),
    }


def _touches(credits: Collection[Credit]) -> dict[int, Touch]:
    numbers = {number for credit in credits for number in credit.touches}
    if not numbers:
        return {}
    sold = [credit.sold_at for credit in credits]
    found = Touch.objects.filter(
        pk__in=numbers, at__gte=min(sold) - _REACH, at__lte=max(sold)
    ).order_by("at")
    return {touch.pk: touch for touch in found}


def _owned_since(credits: Collection[Credit]) -> dict[tuple[int, int], datetime]:
    """Since when the credited guide had owned the buyer, for those credited as owners."""
    wanted = [c for c in credits if "owner" in c.reason and c.member_no is not None]
    if not wanted:
        return {}
    numbers = numbers_of({c.member_no for c in wanted if c.member_no is not None})
    rows = defaultdict(list)
    for row in Ownership.objects.filter(
        guide_no__in={c.guide_no for c in wanted},
        member_no__in={number for them in numbers.values() for number in them},
    ):
        rows[row.guide_no].append(row)
    found = {}
    for credit in wanted:
        for row in rows[credit.guide_no]:
            if row.since <= credit.sold_at and (row.until is None or credit.sold_at < row.until):
                found[credit.guide_no, credit.pk] = timezone.localtime(row.since)
    return found
