"""The beginning of a visit, wherever it begins: one row and one scan in the ledger."""

from __future__ import annotations

from kit.actions import must_be_in_action
from kit.fields import shown_id
from members.identity.steps import tell_guide
from members.registration.models import ChannelCode, Registration, StartedOn
from stores.ledger.models import TouchKind
from stores.ledger.steps import record_touch


def begin_visit(code: ChannelCode, *, started_on: StartedOn = StartedOn.PHONE) -> Registration:
    """One visit to a code's page, counted once; nothing about the visitor is kept. A step."""
    must_be_in_action()
    registration = Registration.objects.create(
        channel_code=code, guide=code.guide, store=code.store, started_on=started_on
    )
    record_touch(
        TouchKind.SCAN,
        once=f"scan:{shown_id(registration.public_id)}",
        at=registration.opened_at,
        guide_no=code.guide_id,
        store_no=code.store_id,
        source=shown_id(code.public_id),
    )
    tell_guide(code.guide, kind="scan", subject=shown_id(code.public_id))
    return registration
