"""Members whose time is over: three years after leaving, or two years without a sign of her.

Who is silent for twenty-three months is told first; a sign of her ends the warning.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import DateTimeField, Exists, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, Greatest

from kit.actions import action, scope_of
from kit.actor import Actor
from kit.events import emit
from kit.fields import shown_id
from members.consent.actions import leave_membership
from members.identity.models import Friendship, Member, MemberState
from members.privacy.erasing import erase_member
from members.privacy.models import InactivityWarning
from stores.ledger.models import MergedMember, PurchaseLine, Touch

SILENT: Final = timedelta(days=730)
WARN_BEFORE: Final = timedelta(days=30)
KEPT_AFTER_LEAVING: Final = timedelta(days=1095)
# What she did herself; a message that we sent is no sign of her.
_HER_SIGNS: Final = ("scan", "registration", "friend", "group_join", "link_open", "visit",
                     "coupon_used", "referral")  # fmt: skip
_NEVER: Final = Value(datetime.fromisoformat("1970-01-01T00:00:00+00:00"), DateTimeField())


def silent_since(moment: datetime) -> QuerySet[Member]:
    """Members of whom nothing was seen since a moment; friends of a guide are seen every day."""
    of_hers = Q(member_no=OuterRef("pk"))
    bought = PurchaseLine.objects.filter(of_hers)
    touched = Touch.objects.filter(of_hers, kind__in=_HER_SIGNS)
    # What she did under a number that was merged into hers is older than the merge.
    merged = MergedMember.objects.filter(into_no=OuterRef("pk"), undone_at=None)
    friends = Friendship.objects.filter(until=None, contact__member=OuterRef("pk"))
    # Each sign is one question to one table, which a join answers for everybody at once.
    return Member.objects.filter(
        ~Exists(friends),
        ~Exists(bought.filter(sold_at__gte=moment)),
        ~Exists(touched.filter(at__gte=moment)),
        ~Exists(merged.filter(at__gte=moment)),
        state=MemberState.ACTIVE,
        joined_at__lt=moment,
    ).annotate(
        last_seen=Greatest(
            F("joined_at"),
            Coalesce(Subquery(bought.order_by("-sold_at").values("sold_at")[:1]), _NEVER),
            Coalesce(Subquery(touched.order_by("-at").values("at")[:1]), _NEVER),
            Coalesce(Subquery(merged.order_by("-at").values("at")[:1]), _NEVER),
        )
    )


@action
def warn_silent(*, at: datetime, limit: int = 500, by: Actor) -> int:
    """Tell the next members who have been silent for twenty-three months; how many.

    Who was told is not told again. Her guide sees it too, by the event.
    """
    told = InactivityWarning.objects.filter(member=OuterRef("pk"))
    found = silent_since(at - SILENT + WARN_BEFORE).filter(~Exists(told))
    rows: list[Any] = list(found.order_by("pk")[:limit])
    InactivityWarning.objects.bulk_create(
        [InactivityWarning(member=row, last_seen_at=row.last_seen, warned_at=at) for row in rows],
        ignore_conflicts=True,
    )
    for row in rows:
        emit(
            "member_silent",
            subject=f"member:{shown_id(row.public_id)}",
            once=f"member_silent:{row.pk}:{row.last_seen:%Y%m}",
            member=row.pk,
        )
    return len(rows)


@action
def take_warnings_back(*, at: datetime, by: Actor) -> int:
    """A sign of her came: the warning is gone; how many."""
    silent = silent_since(at - SILENT + WARN_BEFORE).filter(pk=OuterRef("member"))
    return InactivityWarning.objects.filter(~Exists(silent)).delete()[0]


def end_memberships(
    *,
    at: datetime,
    by: Actor,
    most: int = 500,
    is_enough: Callable[[], bool] = lambda: False,
) -> int:
    """Erase who left three years ago, and who stayed silent for a month after being told; how many.

    One member after another, each by herself, until it is enough: a fault ends only this night's
    work, and what is left is the next night's.
    """
    with scope_of(by):
        gone = Member.objects.filter(Q(state=MemberState.LEFT), left_at__lt=at - KEPT_AFTER_LEAVING)
        told = InactivityWarning.objects.filter(warned_at__lt=at - WARN_BEFORE)
        silent = silent_since(at - SILENT).filter(pk__in=told.values("member"))
        over = list(gone.order_by("pk").values_list("pk", flat=True)[:most])
        quiet = list(silent.order_by("pk").values_list("pk", flat=True)[:most])
    done = 0
    for key in [*over, *quiet]:
        if is_enough():
            break
        if key in quiet:
            leave_membership(key, by=by)
        erase_member(key, why="保存期限届满", by=by, at=at)
        done += 1
    return done
