"""`manage.py grow` makes what it was asked for, once, and as the house would have it."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.db.models import Count

from kit.actions import set_session_scope
from kit.actor import EVERYTHING, NOTHING
from members.consent.models import ConsentState
from members.consent.queries import states_unlike_log
from members.identity.models import Friendship, Member
from members.identity.queries import member_by_identity
from members.privacy.pia import is_signed
from stores.ledger.models import Ownership, PurchaseLine, Touch
from stores.org.models import Guide, Store


@pytest.mark.django_db
def test_growing_twice_adds_nothing_but_touches() -> None:
    size = {"stores": 3, "guides": 12, "members": 200, "touches": 500, "purchases": 300}
    call_command("grow", **size, verbosity=0)
    first = {
        "stores": Store.objects.count(),
        "guides": Guide.objects.count(),
        "members": Member.objects.count(),
        "touches": Touch.objects.count(),
        "purchases": PurchaseLine.objects.count(),
    }
    assert first == size
    assert Ownership.objects.count() == 200
    assert 0 < Friendship.objects.count() < 200
    # As from a shell, where nobody has set a scope.
    set_session_scope(NOTHING)
    call_command("grow", **{**size, "touches": 0}, verbosity=0)
    set_session_scope(EVERYTHING)
    assert Member.objects.count() == 200
    assert Ownership.objects.count() == 200
    assert PurchaseLine.objects.count() == 300
    assert states_unlike_log() == []
    assert ConsentState.objects.filter(purpose="membership", is_granted=True).count() == 200
    spread = Member.objects.values("owner").annotate(n=Count("pk"))
    # As uneven as in life: the first has several times what the last has.
    sizes = sorted(row["n"] for row in spread)
    assert sizes[-1] > 2 * sizes[0]
    her = Member.objects.order_by("pk")[0]
    assert her.name
    assert member_by_identity("phone", her.phone or "", her.entity) == her
    assert is_signed("profiling")
