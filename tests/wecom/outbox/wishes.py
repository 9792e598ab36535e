"""Builders for the outbox's tests: wishes of each kind, and what was told about their ends."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from kit.actions import action
from kit.actor import Actor
from kit.events import DomainEvent
from kit.fields import new_public_id, shown_id
from tests.sandbox import CHEN, KF
from wecom.outbox.models import OutboxRow
from wecom.outbox.steps import put

BY = Actor.system("test")


@action
def _put(kind: str, payload: dict[str, Any], *, by: Actor, **options: Any) -> OutboxRow | None:
    return put(kind, payload, **options)


def a_wish(kind: str, payload: dict[str, Any], **options: Any) -> OutboxRow:
    """A row as an action puts it."""
    options.setdefault("once", f"{kind}:{shown_id(new_public_id())}")
    options.setdefault("subject", "member:1")
    row = _put(kind, payload, by=BY, **options)
    assert row is not None
    return row


def wish_again(once: str) -> OutboxRow | None:
    """The same wish once more, as an action of much later would put it."""
    return _put("app_message", {"userids": ["linxiao"], "text": "您好"}, once=once, by=BY)


def a_mass_send(
    text: str = "周末到店有礼",
    *,
    sender: str = "linxiao",
    recipients: tuple[str, ...] = (CHEN,),
    **options: Any,
) -> OutboxRow:
    """A task for a guide."""
    payload = {
        "chat_type": "single",
        "sender": sender,
        "recipients": list(recipients),
        "text": text,
        "attachments": [],
    }
    return a_wish("mass_send", payload, **options)


def a_welcome(code: str, *, expires_at: datetime | None = None) -> OutboxRow:
    """A greeting."""
    payload = {"welcome_code": code, "text": "您好，我是林晓", "attachments": []}
    return a_wish("welcome", payload, expires_at=expires_at)


def a_kf_message(text: str = "22 点关门") -> OutboxRow:
    """An answer of customer service."""
    payload = {"open_kfid": KF, "external_userid": CHEN, "text": text}
    return a_wish("kf_message", payload, app="service")


def told() -> list[tuple[str, dict[str, Any]]]:
    """The outbox's news, in order."""
    return [
        (event.kind, event.payload)
        for event in DomainEvent.objects.filter(kind__startswith="outbox.").order_by("pk")
    ]
