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
) -> dict[int, dict[str, Any]]:
    """For each credit its tag, sentences, touches and rule; three queries for any number."""
    touches = _touches(credits)
    owned = _owned_since(credits)
    found = {}
    for credit in credits:
        terms = read_terms(credit.rule.terms)
        is_own = credit.guide_no == looker
        because = Because(
            reason=credit.reason,
            terms=terms,
            who="你" if is_own else guides.get(credit.guide_no, "这位导购"),
            is_member=credit.member_no is not None,
            owned_since=owned.get((credit.guide_no, credit.pk)),
            touches=len(credit.touches),
        )
        found[credit.pk] = {
            "tag": tag_of(credit.reason),
            "who": because.who,
            "is_own": is_own,
            "why": why(because),
            "touches": [touches[number] for number in credit.touches if number in touches],
            "rule": credit.rule,
            "rungs": rule_in_words(terms),
        }
    return found


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
