"""Hints to open screens: something of yours changed, ask again. Losing one is harmless."""

from __future__ import annotations

import structlog
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import transaction

from kit.actions import must_be_in_action

log = structlog.get_logger(__name__)


def announce(*audiences: str, kind: str, subject: str = "") -> None:
    """Tell audiences (`guide.<public id>`, `store.<public id>`) after the commit. A step.

    The hint carries no data beyond a public id: what is true is read again through a door.
    """
    must_be_in_action()
    transaction.on_commit(lambda: _send(audiences, kind, subject), robust=True)


def _send(audiences: tuple[str, ...], kind: str, subject: str) -> None:
    layer = get_channel_layer()
    if layer is None:
        return
    for audience in audiences:
        try:
            async_to_sync(layer.group_send)(
                audience, {"type": "hint", "kind": kind, "subject": subject}
            )
        except Exception as error:  # noqa: BLE001 - a lost hint must never fail what was committed
            log.warning("hint_lost", audience=audience, kind=kind, error=type(error).__name__)
