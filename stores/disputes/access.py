"""A dispute is fetched and authorised in one step: who does not meet it, meets nothing."""

from __future__ import annotations

import uuid

from django.http import Http404

from stores.disputes.models import Dispute, DisputeParty
from stores.org.models import Guide, Role


def dispute_for(guide: Guide, public_id: uuid.UUID) -> Dispute:
    """One that concerns her, or for a manager one of her stores. Raises Http404 otherwise.

    To be called within her scope.
    """
    found = (
        Dispute.objects.select_related("claimant__store", "store")
        .prefetch_related("parties__guide__store")
        .filter(public_id=public_id)
        .first()
    )
    if found is None or (guide.role == Role.GUIDE and party_of(guide, found) is None):
        raise Http404
    return found


def party_of(guide: Guide, dispute: Dispute) -> DisputeParty | None:
    """Her part in it, if she has one."""
    return next((one for one in dispute.parties.all() if one.guide_id == guide.pk), None)


def others_in(dispute: Dispute) -> list[DisputeParty]:
    """Whoever has credit for the receipt, for a looker to whom the dispute was given."""
    found = DisputeParty.objects.filter(dispute=dispute, is_claimant=False)
    return list(found.select_related("guide").order_by("pk"))
