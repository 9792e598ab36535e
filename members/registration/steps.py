"""What the actions of a visit share: the visit locked, and a code's digest."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from kit.actions import must_be_in_action
from kit.fields import blind_index, shown_id
from members.registration.models import OneTimeCode, Registration
from stores.org.models import Store


def locked_registration(registration_id: int) -> Registration:
    """The visit with all it stands on, alone until the action ends. A step."""
    must_be_in_action()
    return (
        Registration.objects.select_for_update(of=("self",))
        .select_related("channel_code", "guide__store", "store__entity", "notice", "member")
        .get(pk=registration_id)
    )


def digest_of_code(row: OneTimeCode, plain: str) -> bytes:
    """Keyed and bound to its row, so that a table of all million codes helps nobody."""
    return blind_index("one_time_code", plain, within=shown_id(row.public_id))


def day_at(store: Store, at: datetime) -> date:
    """Which day it is at a store."""
    return at.astimezone(ZoneInfo(store.time_zone)).date()
