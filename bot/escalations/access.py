"""An escalation, fetched and authorised in one step."""

from __future__ import annotations

import uuid

from django.http import Http404

from bot.escalations.models import Escalation


def escalation_in_scope(public_id: uuid.UUID) -> Escalation:
    """The escalation, inside `scope_of(actor)`. Missing and forbidden answer alike: Http404."""
    escalation = (
        Escalation.objects.select_related(
            "group", "guide", "holder", "store", "reference", "heard__contact__member"
        )
        .filter(public_id=public_id)
        .first()
    )
    if escalation is None:
        raise Http404
    return escalation
