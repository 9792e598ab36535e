"""How each kind of wish is carried to WeCom, and what protects it from being carried twice."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from wecom.gateway import AlreadyChatting, Cancelled, Gateway, WecomError
from wecom.gateway.errors import Gone
from wecom.outbox.models import Kind, OutboxRow
from wecom.outbox.rules import recipients_of

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


def _contact_way_change(gateway: Gateway, row: OutboxRow) -> dict[str, Any]:
    changed = _given(row, "userids", "state", "remark", "skip_verify")
    gateway.update_contact_way(row.payload["config_id"], **changed)
    return {"config_id": row.payload["config_id"]}


def _contact_way_delete(gateway: Gateway, row: OutboxRow) -> dict[str, Any]:
    gateway.delete_contact_way(row.payload["config_id"])
    return {"config_id": row.payload["config_id"]}


def _join_way(gateway: Gateway, row: OutboxRow) -> dict[str, Any]:
    said = row.payload
    way = gateway.create_join_way(said["chat_ids"], said["state"])
    return {"config_id": way.config_id, "qr_code_url": way.qr_code_url}


def _join_way_change(gateway: Gateway, row: OutboxRow) -> dict[str, Any]:
    said = row.payload
    gateway.update_join_way(said["config_id"], chat_ids=said["chat_ids"], state=said["state"])
    return {"config_id": said["config_id"]}


def _customer_transfer(gateway: Gateway, row: OutboxRow) -> dict[str, Any]:
    said = row.payload
    has_resigned = bool(said.get("has_resigned"))
    known: dict[str, int] = row.answer.get("rows", {})
    rows = gateway.transfer_customers(
        said["handover"],
        said["takeover"],
        [one for one in said["external_userids"] if one not in known],
        # A guide who left has no word to say to her customers (document 96331).
        message="" if has_resigned else said.get("message", ""),
        has_resigned=has_resigned,
    )
    return {"rows": {**known, **{one.external_userid: one.code for one in rows}}}


def _group_transfer(gateway: Gateway, row: OutboxRow) -> dict[str, Any]:
    said = row.payload
    moved = row.answer.get("moved", [])
    refusals = gateway.transfer_groups(
        [one for one in said["chat_ids"] if one not in moved],
        said["new_owner"],
        has_resigned=said.get("has_resigned", False),
    )
    return {"refused": {one.chat_id: one.code for one in refusals}}


def _tag_mark(gateway: Gateway, row: OutboxRow) -> dict[str, Any]:
    said = row.payload
    gateway.mark_tags(
        said["userid"],
        said["external_userid"],
        add=said.get("add", ()),
        remove=said.get("remove", ()),
    )
    return {}


def _corp_tag(gateway: Gateway, row: OutboxRow) -> dict[str, Any]:
    said = row.payload
    made = gateway.create_tags([said["name"]], group_name=said["group"])
    return {"group_id": made.id, "tag_id": made.tags[0].id}


def _corp_tag_change(gateway: Gateway, row: OutboxRow) -> dict[str, Any]:
    gateway.rename_tag(row.payload["id"], row.payload["name"])
    return {}


def _corp_tag_delete(gateway: Gateway, row: OutboxRow) -> dict[str, Any]:
    gateway.delete_tags(tag_ids=[row.payload["id"]])
    return {}


def _remark(gateway: Gateway, row: OutboxRow) -> dict[str, Any]:
    said = row.payload
    changed = _given(row, "remark", "description", "company", "mobiles")
    gateway.update_remark(said["userid"], said["external_userid"], **changed)
    return {}


def _moment(gateway: Gateway, row: OutboxRow) -> dict[str, Any]:
    said = row.payload
    job = gateway.create_moment(
        text=said.get("text", ""),
        attachments=said.get("attachments", ()),
        userids=said.get("userids", ()),
        department_ids=said.get("department_ids", ()),
        tag_ids=said.get("tag_ids", ()),
    )
    return {"jobid": job}


def _moment_cancel(gateway: Gateway, row: OutboxRow) -> dict[str, Any]:
    gateway.cancel_moment(row.payload["moment_id"])
    return {"moment_id": row.payload["moment_id"]}


def _group_welcome(gateway: Gateway, row: OutboxRow) -> dict[str, Any]:
    said = row.payload
    template = gateway.create_group_welcome(said.get("text", ""), said.get("attachments", ()))
    return {"template_id": template}


def _given(row: OutboxRow, *names: str) -> dict[str, Any]:
    """What the payload names; what it does not name is left as it is at WeCom."""
    return {name: row.payload[name] for name in names if name in row.payload}


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
    # Who withdrew does not wait two minutes for a worker that died.
    Kind.MASS_SEND_CANCEL: Carrier(
        _cancel, repeatable=True, already=(Cancelled,), lease=timedelta(seconds=20)
    ),
    # Nobody can be asked whether a reminder arrived; one too many is worse than one too few.
    Kind.MASS_SEND_REMIND: Carrier(_remind, repeatable=False),
    # WeCom swallows the same message for four hours.
    Kind.APP_MESSAGE: Carrier(_app_message, repeatable=True),
    # A second message under one id is refused, with which code no document says (94677): a refusal
    # without a name after a doubtful call leaves the row to HQ.
    Kind.KF_MESSAGE: Carrier(_kf_message, repeatable=True),
    Kind.CONTACT_WAY: Carrier(_contact_way, repeatable=False),
    # These set what stands at WeCom: the second call finds it so and changes nothing.
    Kind.CONTACT_WAY_CHANGE: Carrier(_contact_way_change, repeatable=True),
    Kind.CONTACT_WAY_DELETE: Carrier(_contact_way_delete, repeatable=True, already=(Gone,)),
    Kind.JOIN_WAY_CHANGE: Carrier(_join_way_change, repeatable=True),
    Kind.TAG_MARK: Carrier(_tag_mark, repeatable=True),
    # A second tag of one name is refused, so WeCom is asked whether the first came about.
    Kind.CORP_TAG: Carrier(_corp_tag, repeatable=False),
    Kind.CORP_TAG_CHANGE: Carrier(_corp_tag_change, repeatable=True),
    Kind.CORP_TAG_DELETE: Carrier(_corp_tag_delete, repeatable=True, already=(Gone,)),
    Kind.REMARK: Carrier(_remark, repeatable=True),
    Kind.MOMENT_CANCEL: Carrier(_moment_cancel, repeatable=True),
    # A customer is moved twice in 90 days at most: what stands at WeCom is asked before anything
    # is called again, and then for the others alone.
    Kind.CUSTOMER_TRANSFER: Carrier(_customer_transfer, repeatable=False),
    Kind.GROUP_TRANSFER: Carrier(_group_transfer, repeatable=False),
    Kind.MOMENT: Carrier(_moment, repeatable=False),
    # WeCom has no list in which one of ours could be found again: for people to look at.
    Kind.JOIN_WAY: Carrier(_join_way, repeatable=False),
    Kind.GROUP_WELCOME: Carrier(_group_welcome, repeatable=False),
}
