"""What HQ asks about the outbox."""

from __future__ import annotations

from django.db.models import QuerySet

from wecom.outbox.models import OutboxPause


def pauses() -> QuerySet[OutboxPause]:
    """What is not sent at the moment, longest pause first."""
    return OutboxPause.objects.order_by("since", "pk")
