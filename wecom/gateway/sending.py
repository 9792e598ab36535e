"""Calls that reach people: welcomes, mass sends and their records, app messages, pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from wecom.gateway.client import Calls
from wecom.gateway.contacts import moment, pages
from wecom.gateway.errors import NobodyReachable
from wecom.gateway.types import (
    AppMessageReceipt,
    MassSendReceipt,
    MassSendRecord,
    MassSendResult,
    MassSendTask,
)

Attachment = Mapping[str, Any]

_RESULT_STATES: Final = {0: "unsent", 1: "sent", 2: "not_friend", 3: "over_quota"}
# The same JSON within so many seconds is swallowed by WeCom: a repeated call is harmless (4 h).
_SWALLOW_SECONDS: Final = 14_400


class SendingCalls(Calls):
    """Everything that ends on somebody's screen."""

    def send_welcome(
        self, *, welcome_code: str, text: str, attachments: Sequence[Attachment] = ()
    ) -> None:
        """Greet a new friend, once, within 20 seconds of the event (document 92599).

        Raises AlreadyChatting when a greeting arrived, BeingSent, TooLate.
        """
        asked = {"welcome_code": welcome_code, **_content(text, attachments)}
        self._contacts.write("externalcontact/send_welcome_msg", asked)

    def create_mass_send(
        self,
        *,
        chat_type: str,
        sender: str,
        text: str,
        recipients: Sequence[str],
        attachments: Sequence[Attachment] = (),
    ) -> MassSendReceipt:
        """Put a task before a guide; she confirms it in her WeCom client, or never.

        `recipients` are external ids (single) or chat ids (group). Raises NobodyReachable; also
        for an empty list, which WeCom would read as "all customers of this guide".
        """
        if not recipients:
            raise NobodyReachable(None, "no recipients", api="add_msg_template")
        asked: dict[str, Any] = {
            "chat_type": chat_type,
            "sender": sender,
            "allow_select": False,
            **_content(text, attachments),
        }
        asked["external_userid" if chat_type == "single" else "chat_id_list"] = list(recipients)
        if chat_type != "single":
            del asked["allow_select"]
        made = self._contacts.write("externalcontact/add_msg_template", asked)
        failed = made.get("fail_list") or ()
        return MassSendReceipt(str(made["msgid"]), tuple(str(one) for one in failed))

    def cancel_mass_send(self, msgid: str) -> None:
        """Stop what is not confirmed yet. Raises Cancelled when it was stopped before."""
        self._contacts.write("externalcontact/cancel_groupmsg_send", {"msgid": msgid})

    def remind_mass_send(self, msgid: str) -> None:
        """Remind whoever has not confirmed; three times a day at most."""
        self._contacts.write("externalcontact/remind_groupmsg_send", {"msgid": msgid})

    def mass_send_tasks(self, msgid: str) -> list[MassSendTask]:
        """Who was asked, and who confirmed. Raises BeingDispatched right after the creation."""
        asked = {"msgid": msgid, "limit": 1000}
        return [
            MassSendTask(
                userid=str(row["userid"]).lower(),
                is_confirmed=row.get("status") == 2,
                confirmed_at=moment(row["send_time"]) if row.get("send_time") else None,
            )
            for page in pages(self._contacts, "externalcontact/get_groupmsg_task", asked)
            for row in page.get("task_list") or ()
        ]

    def mass_send_results(self, msgid: str, userid: str) -> list[MassSendResult]:
        """What became of each recipient of one guide."""
        asked = {"msgid": msgid, "userid": userid, "limit": 1000}
        return [
            MassSendResult(
                recipient=str(row.get("external_userid") or row.get("chat_id") or ""),
                userid=str(row.get("userid") or userid).lower(),
                state=_RESULT_STATES.get(int(row.get("status") or 0), "unsent"),
                sent_at=moment(row["send_time"]) if row.get("send_time") else None,
            )
            for page in pages(self._contacts, "externalcontact/get_groupmsg_send_result", asked)
            for row in page.get("send_list") or ()
        ]

    def mass_sends_between(
        self, start: datetime, end: datetime, *, chat_type: str
    ) -> list[MassSendRecord]:
        """The corp's mass sends of a time, as WeCom lists them; at most a month."""
        asked = {
            "chat_type": chat_type,
            "start_time": int(start.timestamp()),
            "end_time": int(end.timestamp()) + 1,
            "filter_type": 0,
            "limit": 100,
        }
        return [
            MassSendRecord(
                msgid=str(row["msgid"]),
                created_at=moment(row.get("create_time")),
                text=str((row.get("text") or {}).get("content") or ""),
                attachments=tuple(row.get("attachments") or ()),
            )
            for page in pages(self._contacts, "externalcontact/get_groupmsg_list_v2", asked)
            for row in page.get("group_msg_list") or ()
        ]

    def upload_image(self, name: str, content: bytes) -> str:
        """A media id that lives three days."""
        made = self._client.upload("media/upload", name, content, type="image")
        return str(made["media_id"])

    def send_app_message(
        self, userids: Sequence[str], *, title: str = "", text: str, url: str = ""
    ) -> AppMessageReceipt:
        """Tell guides something in their WeCom client; with `url` a card they can tap.

        The same message again within four hours is swallowed by WeCom.
        """
        asked: dict[str, Any] = {
            "touser": "|".join(userids),
            "agentid": self.agent_id,
            "enable_duplicate_check": 1,
            "duplicate_check_interval": _SWALLOW_SECONDS,
        }
        if url:
            card = {"title": title[:40], "description": text, "url": url}
            asked |= {"msgtype": "textcard", "textcard": card}
        else:
            asked |= {"msgtype": "text", "text": {"content": f"{title}\n{text}".strip()}}
        made = self._client.write("message/send", asked)
        unreached = str(made.get("invaliduser") or "")
        return AppMessageReceipt(
            str(made.get("msgid") or ""), tuple(one for one in unreached.split("|") if one)
        )


def _content(text: str, attachments: Sequence[Attachment]) -> dict[str, Any]:
    """Text and attachments in WeCom's shape; neither is named when empty."""
    content: dict[str, Any] = {}
    if text:
        content["text"] = {"content": text}
    if attachments:
        content["attachments"] = [wecom_attachment(one) for one in attachments]
    return content


def wecom_attachment(ours: Attachment) -> dict[str, Any]:
    """One attachment of ours (`kind` and its fields side by side) in WeCom's nested shape."""
    kind = str(ours["kind"])
    fields = {name: value for name, value in ours.items() if name != "kind" and value != ""}
    return {"msgtype": kind, kind: fields}
