"""A callback's text as news in our words. Pure: no Django, no clock, no belief in order.

WeCom leaves out what does not apply, fills in what is irrelevant, and invents new kinds: every
field is optional here, and what we do not know is `wecom.unknown`, kept and counted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import xmltodict


class Unreadable(Exception):
    """The text is XML, yet not a message of WeCom's."""


@dataclass(frozen=True, slots=True)
class News:
    """One domain event to be: its kind, whom it is about, ids and plain values.

    `is_hint` says that handlers only read WeCom's state again, so that hearing it twice is useful
    and harmless.
    """

    kind: str
    subject: str
    payload: dict[str, Any] = field(default_factory=dict)
    is_hint: bool = False


def text(value: Any) -> str:
    """A text field; WeCom's empty elements come as None."""
    return "" if value is None else str(value)


def userid(value: Any) -> str:
    """Member ids ignore case (document 90664): one spelling inside the house."""
    return text(value).lower()


def number(value: Any) -> int:
    """A count or a code; nonsense is 0."""
    digits = text(value).strip()
    return int(digits) if digits.isascii() and digits.lstrip("-").isdigit() else 0


def people(value: Any) -> list[str]:
    """`MemChangeList`: one Item, many Items, or (as some SDKs saw) a comma list."""
    found = value.get("Item") if isinstance(value, Mapping) else value
    rows = found if isinstance(found, list) else text(found).split(",")
    return [person(row) for row in rows if text(row).strip()]


def person(value: Any) -> str:
    """A member's id in lower case, a customer's as it is."""
    key = text(value).strip()
    return key if key.startswith(("wm", "wo")) and len(key) == 32 else key.lower()


Reader = Callable[[Any], Any]

_CONTACT: Final[dict[str, tuple[str, Reader]]] = {
    "UserID": ("userid", userid),
    "ExternalUserID": ("external_userid", text),
    "State": ("state", text),
    "WelcomeCode": ("welcome_code", text),
    "Source": ("source", text),
    "FailReason": ("fail_reason", text),
}
_CHAT: Final[dict[str, tuple[str, Reader]]] = {
    "ChatId": ("chat_id", text),
    "UpdateDetail": ("update_detail", text),
    "JoinScene": ("join_scene", number),
    "QuitScene": ("quit_scene", number),
    "MemChangeCnt": ("mem_change_cnt", number),
    "MemChangeList": ("mem_change_list", people),
    "LastMemVer": ("last_mem_ver", text),
    "CurMemVer": ("cur_mem_ver", text),
}
_TAG: Final[dict[str, tuple[str, Reader]]] = {
    "Id": ("id", text),
    "TagType": ("tag_type", text),
    "StrategyId": ("strategy_id", text),
}
_STAFF: Final[dict[str, tuple[str, Reader]]] = {
    "UserID": ("userid", userid),
    "NewUserID": ("new_userid", userid),
    "Id": ("id", text),
    "ParentId": ("parent_id", text),
    "TagId": ("tag_id", text),
}
_KF: Final[dict[str, tuple[str, Reader]]] = {
    "Token": ("token", text),
    "OpenKfId": ("open_kfid", text),
}
_ARCHIVE: Final[dict[str, tuple[str, Reader]]] = {"AgentID": ("agent_id", text)}


@dataclass(frozen=True, slots=True)
class _Known:
    """How one event is read: its fields, its subject, the change types we know (none: no types)."""

    fields: Mapping[str, tuple[str, Reader]]
    subject: str
    changes: frozenset[str] = frozenset()


_KNOWN: Final[dict[str, _Known]] = {
    "change_external_contact": _Known(
        _CONTACT,
        "contact:{external_userid}",
        frozenset(
            {
                "add_external_contact",
                "edit_external_contact",
                "add_half_external_contact",
                "del_external_contact",
                "del_follow_user",
                "transfer_fail",
                "msg_audit_approved",
            }
        ),
    ),
    "change_external_chat": _Known(
        _CHAT, "group:{chat_id}", frozenset({"create", "update", "dismiss"})
    ),
    "change_external_tag": _Known(
        _TAG, "tags", frozenset({"create", "update", "delete", "shuffle"})
    ),
    "change_contact": _Known(
        _STAFF,
        "staff:{userid}",
        frozenset(
            {
                "create_user",
                "update_user",
                "delete_user",
                "create_party",
                "update_party",
                "delete_party",
                "update_tag",
            }
        ),
    ),
    "kf_msg_or_event": _Known(_KF, "kf:{open_kfid}"),
    "msgaudit_notify": _Known(_ARCHIVE, "archive"),
}


def read(body: str) -> News:
    """What a decrypted text says. Raises Unreadable when it has no MsgType."""
    document = xmltodict.parse(body, disable_entities=True)
    message = document.get("xml")
    if not isinstance(message, dict) or not text(message.get("MsgType")):
        raise Unreadable("no MsgType")
    common = {"created_at": number(message.get("CreateTime"))}
    if text(message["MsgType"]).lower() != "event":
        return _said(message, common)
    event, change = text(message.get("Event")), text(message.get("ChangeType"))
    known = _KNOWN.get(event)
    if known is None or (known.changes and change not in known.changes):
        return News("wecom.unknown", "", {**common, "event": event[:60], "change": change[:60]})
    payload = {
        ours: reader(message[theirs])
        for theirs, (ours, reader) in known.fields.items()
        if message.get(theirs) is not None
    }
    missing = {ours: "" for ours, reader in known.fields.values() if reader in {text, userid}}
    subject = known.subject.format(**{**missing, **payload})
    kind = f"wecom.{event}.{change}" if change else f"wecom.{event}"
    return News(kind, subject[:120], {**common, **payload}, is_hint=True)


def again(news: News) -> News:
    """The same news for another look: without the welcome code, which greets once."""
    payload = {key: value for key, value in news.payload.items() if key != "welcome_code"}
    return News(news.kind, news.subject, payload, is_hint=news.is_hint)


def _said(message: Mapping[str, Any], common: dict[str, Any]) -> News:
    """A guide wrote to the application. What she wrote stays in the inbox row."""
    sender = userid(message.get("FromUserName"))
    payload = {
        **common,
        "userid": sender,
        "msgid": text(message.get("MsgId")),
        "type": text(message["MsgType"]).lower()[:20],
    }
    return News("wecom.message", f"staff:{sender}"[:120], payload)
