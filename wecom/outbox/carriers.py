"""How each kind of wish is carried to WeCom, and what protects it from being carried twice."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from wecom.gateway import AlreadyChatting, Cancelled, Gateway, WecomError
from wecom.outbox.models import Kind, OutboxRow, recipients_of

Send = Callable[[Gateway, OutboxRow], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Carrier:
    """One kind's way.

    `repeatable`: WeCom itself does it once however often it is called, so an unknown outcome may be
    called again. `already`: refusals that mean it was done before. `lease`: how long a worker may
    be silent before others look after its row; longer than a call with its token and time limits.
    """

    send: Send
    repeatable: bool
    already: tuple[type[WecomError], ...] = ()
    lease: timedelta = timedelta(seconds=120)


def _welcome(gateway: Gateway, row: OutboxRow) -> dict[str, Any]:
    said = row.payload
    gateway.send_welcome(
        welcome_code=said["welcome_code"],
        text=said.get("text", ""),
        attachments=said.get("attachments", ()),
    )
    return {}


def _mass_send(gateway: Gateway, row: OutboxRow) -> dict[str, Any]:
    said = row.payload
    receipt = gateway.create_mass_send(
        chat_type=said.get("chat_type", "single"),
        sender=said["sender"],
        recipients=recipients_of(said),
        text=said.get("text", ""),
        attachments=said.get("attachments", ()),
    )
    return {"msgid": receipt.msgid, "unreachable": list(receipt.unreachable)}


def _cancel(gateway: Gateway, row: OutboxRow) -> dict[str, Any]:
    gateway.cancel_mass_send(row.payload["msgid"])
    return {"msgid": row.payload["msgid"]}


def _remind(gateway: Gateway, row: OutboxRow) -> dict[str, Any]:
    gateway.remind_mass_send(row.payload["msgid"])
    return {"msgid": row.payload["msgid"]}


def _app_message(gateway: Gateway, row: OutboxRow) -> dict[str, Any]:
    said = row.payload
    receipt = gateway.send_app_message(
        said["userids"],
        title=said.get("title", ""),
        text=said.get("text", ""),
        url=said.get("url", ""),
    )
    return {"msgid": receipt.msgid, "unreached": list(receipt.unreached)}


def _kf_message(gateway: Gateway, row: OutboxRow) -> dict[str, Any]:
    said = row.payload
    msgid = gateway.send_kf_message(
        open_kfid=said["open_kfid"],
        external_userid=said["external_userid"],
        text=said["text"],
        msgid=kf_msgid(row),
    )
    return {"msgid": msgid}


def _contact_way(gateway: Gateway, row: OutboxRow) -> dict[str, Any]:
    said = row.payload
    way = gateway.create_contact_way(said["userid"], said["state"], said.get("remark", ""))
    return {"config_id": way.config_id, "qr_code_url": way.qr_code_url}


def kf_msgid(row: OutboxRow) -> str:
    """The id under which customer service takes a message once: 32 characters of our own."""
    return row.public_id.hex


CARRIERS: Final[Mapping[str, Carrier]] = {
    # Its code greets once; a worker that died must be followed while the 20 seconds run.
    Kind.WELCOME: Carrier(
        _welcome, repeatable=True, already=(AlreadyChatting,), lease=timedelta(seconds=6)
    ),
    # WeCom makes a second task of a second call: never call again before asking.
    Kind.MASS_SEND: Carrier(_mass_send, repeatable=False),
    Kind.MASS_SEND_CANCEL: Carrier(_cancel, repeatable=True, already=(Cancelled,)),
    # Nobody can be asked whether a reminder arrived; one too many is worse than one too few.
    Kind.MASS_SEND_REMIND: Carrier(_remind, repeatable=False),
    # WeCom swallows the same message for four hours.
    Kind.APP_MESSAGE: Carrier(_app_message, repeatable=True),
    # A second message under one id is refused, with which code no document says (94677): a refusal
    # without a name after a doubtful call leaves the row to HQ.
    Kind.KF_MESSAGE: Carrier(_kf_message, repeatable=True),
    Kind.CONTACT_WAY: Carrier(_contact_way, repeatable=False),
}
