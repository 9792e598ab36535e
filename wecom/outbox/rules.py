"""What a wish must say to be carried at all. Pure: plain values in, a sentence or nothing out.

Limits stand here where WeCom would cut silently, or would read an empty list as "everybody".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

Payload = Mapping[str, Any]
Check = Callable[[Payload], str]

# A code's state has 30 characters, a join code leads into five groups (documents 96348, 99547).
_STATE, _GROUPS_OF_A_CODE = 30, 5
# Customers or groups of one transfer, and the characters of its message (document 96325).
_TRANSFER, _MESSAGE = 100, 200
# Characters of the name of a corp tag, or of a group of them (document 92117).
_TAG = 30


def recipients_of(payload: Payload) -> list[str]:
    """External ids of a single send, chat ids of a group send."""
    return list(payload.get("recipients") or payload.get("chat_ids") or ())


def fault_of(kind: str, payload: Payload) -> str:
    """Why this payload could never be carried, or nothing."""
    missing = [name for name in _NEEDS[kind] if name not in payload]
    if missing:
        return f"{kind} needs {', '.join(missing)}"
    check = _CHECKS.get(kind)
    return check(payload) if check is not None else ""


def _mass_send(said: Payload) -> str:
    if recipients_of(said):
        return ""
    return "a mass send without recipients would go to every customer of the guide"


def _customer_transfer(said: Payload) -> str:
    if not 1 <= len(said["external_userids"]) <= _TRANSFER:
        return f"a transfer takes one to {_TRANSFER} customers"
    if str(said["handover"]).lower() == str(said["takeover"]).lower():
        return "a transfer leads from one guide to another"
    if len(said.get("message") or "") > _MESSAGE:
        return f"the message of a transfer has at most {_MESSAGE} characters"
    return ""


def _group_transfer(said: Payload) -> str:
    fits = 1 <= len(said["chat_ids"]) <= _TRANSFER
    return "" if fits else f"a transfer takes one to {_TRANSFER} groups"


def _tag_mark(said: Payload) -> str:
    return "" if said.get("add") or said.get("remove") else "no tag is to be added or removed"


def _corp_tag(said: Payload) -> str:
    names = [said[name] for name in ("name", "group") if name in said]
    fit = all(1 <= len(name) <= _TAG for name in names)
    return "" if fit else f"the name of a tag has 1 to {_TAG} characters"


def _remark(said: Payload) -> str:
    changed = {"remark", "description", "company", "mobiles"} & set(said)
    return "" if changed else "a remark changes at least one of its fields"


def _contact_way_change(said: Payload) -> str:
    if not {"userids", "state", "remark", "skip_verify"} & set(said):
        return "a code's change changes at least one of its fields"
    if "userids" in said and not said["userids"]:
        return "a contact code leads to somebody"
    return _state(said)


def _join_way(said: Payload) -> str:
    if not 1 <= len(said["chat_ids"]) <= _GROUPS_OF_A_CODE:
        return f"a join code leads into one to {_GROUPS_OF_A_CODE} groups"
    return _state(said)


def _state(said: Payload) -> str:
    fits = len(said.get("state") or "") <= _STATE
    return "" if fits else f"the state of a code has at most {_STATE} characters"


def _moment(said: Payload) -> str:
    if not (said.get("userids") or said.get("department_ids")):
        return "a moment without guides would be asked of the whole company"
    return _content(said)


def _content(said: Payload) -> str:
    return "" if said.get("text") or said.get("attachments") else "text or attachments are needed"


_NEEDS: Final[Mapping[str, tuple[str, ...]]] = {
    "welcome": ("welcome_code",),
    "mass_send": ("sender", "text"),
    "mass_send_cancel": ("msgid",),
    "mass_send_remind": ("msgid",),
    "app_message": ("userids", "text"),
    "kf_message": ("open_kfid", "external_userid", "text"),
    "contact_way": ("userid", "state"),
    "contact_way_change": ("config_id",),
    "contact_way_delete": ("config_id",),
    "join_way": ("chat_ids", "state"),
    "join_way_change": ("config_id", "chat_ids", "state"),
    "customer_transfer": ("handover", "takeover", "external_userids"),
    "group_transfer": ("chat_ids", "new_owner"),
    "tag_mark": ("userid", "external_userid"),
    "corp_tag": ("group", "name"),
    "corp_tag_change": ("id", "name"),
    "corp_tag_delete": ("id",),
    "remark": ("userid", "external_userid"),
    "moment": (),
    "moment_cancel": ("moment_id",),
    "group_welcome": (),
}
_CHECKS: Final[Mapping[str, Check]] = {
    "mass_send": _mass_send,
    "customer_transfer": _customer_transfer,
    "group_transfer": _group_transfer,
    "tag_mark": _tag_mark,
    "corp_tag": _corp_tag,
    "corp_tag_change": _corp_tag,
    "remark": _remark,
    "contact_way": _state,
    "contact_way_change": _contact_way_change,
    "join_way": _join_way,
    "join_way_change": _join_way,
    "moment": _moment,
    "group_welcome": _content,
}
