"""A callback's text as news in our words. Pure: no Django, no clock, no belief in order.

WeCom leaves out what does not apply, fills in what is irrelevant, and invents new kinds: every
field is optional here, and what we do not know is `wecom.unknown`, kept and counted.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import xmltodict

from wecom.inbox import news as told
from wecom.inbox.news import ContactNews, News, UnknownNews
from wecom.inbox.values import filled, number, text

_CHANGES: Final[Mapping[str, Mapping[str, type[News]]]] = {
    "change_external_contact": dict.fromkeys(
        (
            "add_external_contact",
            "edit_external_contact",
            "add_half_external_contact",
            "del_external_contact",
            "del_follow_user",
            "transfer_fail",
            "msg_audit_approved",
        ),
        ContactNews,
    ),
    "change_external_chat": dict.fromkeys(("create", "update", "dismiss"), told.GroupNews),
    "change_external_tag": dict.fromkeys(("create", "update", "delete", "shuffle"), told.TagNews),
    "customer_acquisition": dict.fromkeys(
        (
            "balance_low",
            "balance_exhausted",
            "quota_expire_soon",
            "link_unavailable",
            "delete_link",
            "customer_start_chat",
            "message_from_customer",
            "friend_request",
        ),
        told.AcquisitionNews,
    ),
    "change_contact": {
        **dict.fromkeys(("create_user", "update_user", "delete_user"), told.StaffNews),
        **dict.fromkeys(("create_party", "update_party", "delete_party"), told.DepartmentNews),
        "update_tag": told.StaffTagNews,
    },
}
_EVENTS: Final[Mapping[str, type[News]]] = {
    "msgaudit_notify": told.ArchiveNews,
    "kf_msg_or_event": told.KfNews,
    "kf_account_auth_change": told.KfAccountNews,
    "subscribe": told.AgentNews,
    "unsubscribe": told.AgentNews,
    "enter_agent": told.AgentNews,
    "click": told.AgentNews,
    "view": told.AgentNews,
    "view_miniprogram": told.AgentNews,
    "scancode_push": told.ScanNews,
    "scancode_waitmsg": told.ScanNews,
    "pic_sysphoto": told.PicturesNews,
    "pic_photo_or_album": told.PicturesNews,
    "pic_weixin": told.PicturesNews,
    "location_select": told.PlaceNews,
    "LOCATION": told.PlaceNews,
    "template_card_event": told.CardNews,
    "template_card_menu_event": told.CardNews,
    "taskcard_click": told.CardNews,
    "close_inactive_agent": told.ApplicationNews,
    "reopen_inactive_agent": told.ApplicationNews,
    "share_agent_change": told.ApplicationNews,
    "switch_workbench_mode": told.ApplicationNews,
    "batch_job_result": told.JobNews,
    "upload_media_job_finish": told.UploadNews,
    "open_approval_change": told.OpenApprovalNews,
    "sys_approval_change": told.ApprovalNews,
}
_ROBOT_EVENTS: Final = frozenset({"enter_chat", "template_card_event", "feedback_event"})
_ZONE_EVENTS: Final = frozenset(
    {
        "conversation_new_message",
        "hit_keyword",
        "chat_archive_audit_approved_single",
        "chat_archive_audit_approved_room",
        "chat_archive_export_finished",
        "auth_knowledge_base",
        "unauth_knowledge_base",
        "delete_knowledge_base",
        "knowledge_base_learn_done",
    }
)


class Unreadable(Exception):
    """The text is well-formed, yet not a message of WeCom's."""


def read(body: str) -> News:
    """What a decrypted text says, XML or JSON. Raises Unreadable when it is no message."""
    message = _json(body) if body.lstrip()[:1] == "{" else _xml(body)
    if "aibotid" in message:
        return _robot(message)
    if "event_type" in message:
        return _zone(message)
    return _message(message)


def again(news: News) -> News:
    """The same news for another look: without the welcome code, which greets once."""
    return replace(news, welcome_code=None) if isinstance(news, ContactNews) else news


def known_kinds() -> list[str]:
    """Every kind of domain event that a callback can become."""
    changes = [f"wecom.{event}.{one}" for event, types in _CHANGES.items() for one in types]
    robots = [f"wecom.robot.{one}" for one in ("message", "stream", *sorted(_ROBOT_EVENTS))]
    zone = [f"wecom.zone.{one}" for one in sorted(_ZONE_EVENTS)]
    return [*changes, *(f"wecom.{event}" for event in _EVENTS), "wecom.message", *robots, *zone]


def _xml(body: str) -> Mapping[str, Any]:
    message = xmltodict.parse(body, disable_entities=True).get("xml")
    if not isinstance(message, dict):
        raise Unreadable("no message")
    return message


def _json(body: str) -> Mapping[str, Any]:
    message = json.loads(body)
    if not isinstance(message, dict):
        raise Unreadable("no message")
    return message


def _message(message: Mapping[str, Any]) -> News:
    """What a corp's own application hears; a provider's has other names for the same."""
    kind = text(message.get("MsgType")) or ("event" if text(message.get("InfoType")) else "")
    if not kind:
        raise Unreadable("no MsgType")
    at = number(message.get("CreateTime") or message.get("TimeStamp"))
    if kind.lower() != "event":
        return filled(told.MessageNews, message, kind="wecom.message", created_at=at)
    event = text(message.get("Event") or message.get("InfoType"))
    change = text(message.get("ChangeType"))
    changes = _CHANGES.get(event)
    family = changes.get(change) if changes is not None else _EVENTS.get(event)
    if family is None:
        return _unknown(at, event, change)
    name = f"wecom.{event}.{change}" if changes is not None else f"wecom.{event}"
    return filled(family, message, kind=name, created_at=at)


def _robot(message: Mapping[str, Any]) -> News:
    at, kind = number(message.get("create_time")), text(message.get("msgtype"))
    if kind == "event":
        event = message.get("event")
        kind = text(event.get("eventtype")) if isinstance(event, Mapping) else ""
        if kind not in _ROBOT_EVENTS:
            return _unknown(at, "robot", kind)
    elif kind != "stream":
        kind = "message"
    return filled(told.RobotNews, message, kind=f"wecom.robot.{kind}", created_at=at)


def _zone(message: Mapping[str, Any]) -> News:
    at, event = number(message.get("timestamp")), text(message.get("event_type"))
    if event not in _ZONE_EVENTS:
        return _unknown(at, "zone", event)
    return filled(told.ZoneNews, message, kind=f"wecom.zone.{event}", created_at=at)


def _unknown(at: int, event: str, change: str) -> UnknownNews:
    return UnknownNews(kind="wecom.unknown", created_at=at, event=event[:60], change=change[:60])
