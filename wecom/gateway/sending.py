"""Calls that reach people: welcomes, mass sends and their records, app messages, pictures."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from wecom.gateway.answers import Answer
from wecom.gateway.attachments import Attachment, content_of
from wecom.gateway.bounds import Bounds
from wecom.gateway.chapters import Chapter
from wecom.gateway.errors import NobodyReachable
from wecom.gateway.types import (
    AppMessageReceipt,
    MassSendReceipt,
    MassSendRecord,
    MassSendResult,
    MassSendTask,
)

_RESULT_STATES: Final = {0: "unsent", 1: "sent", 2: "not_friend", 3: "over_quota"}
# The same JSON within so many seconds is swallowed by WeCom: a repeated call is harmless (4 h).
_SWALLOW_SECONDS: Final = 14_400


class SendingCalls(Chapter):
    """Everything that ends on somebody's screen."""

    def send_welcome(
        self, *, welcome_code: str, text: str, attachments: Sequence[Attachment] = ()
    ) -> None:
        """Greet a new friend, once, within 20 seconds of the event (document 92599).

        Raises AlreadyChatting when a greeting arrived, BeingSent, TooLate.
        """
        api = "externalcontact/send_welcome_msg"
        self._change(api, {"welcome_code": welcome_code, **content_of(api, text, attachments)})

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
        api = "externalcontact/add_msg_template"
        if not recipients:
            raise NobodyReachable(None, "no recipients", api=api)
        is_single = chat_type == "single"
        Bounds(api).count("群发对象", recipients, 10_000 if is_single else 2_000)
        asked: dict[str, Any] = {"chat_type": chat_type, "sender": sender}
        asked |= content_of(api, text, attachments)
        if is_single:
            asked |= {"external_userid": list(recipients), "allow_select": False}
        else:
            asked["chat_id_list"] = list(recipients)
        made = self._change(api, asked)
        return MassSendReceipt(made.key("msgid"), made.texts("fail_list"))

    def cancel_mass_send(self, msgid: str) -> None:
        """Stop what is not confirmed yet. Raises Cancelled when it was stopped before."""
        self._change("externalcontact/cancel_groupmsg_send", {"msgid": msgid})

    def remind_mass_send(self, msgid: str) -> None:
        """Remind whoever has not confirmed; three times a day at most."""
        self._change("externalcontact/remind_groupmsg_send", {"msgid": msgid})

    def mass_send_tasks(self, msgid: str) -> list[MassSendTask]:
        """Who was asked, and who confirmed. Raises BeingDispatched right after the creation."""
        asked = {"msgid": msgid, "limit": 1000}
        pages = self._pages("externalcontact/get_groupmsg_task", asked)
        return [task for page in pages for task in page.rows("task_list", _task)]

    def mass_send_results(self, msgid: str, userid: str) -> list[MassSendResult]:
        """What became of each recipient of one guide."""
        asked = {"msgid": msgid, "userid": userid, "limit": 1000}
        pages = self._pages("externalcontact/get_groupmsg_send_result", asked)
        return [
            result
            for page in pages
            for result in page.rows("send_list", lambda row: _result(row, userid))
        ]

    def mass_sends_between(
        self, start: datetime, end: datetime, *, chat_type: str
    ) -> list[MassSendRecord]:
        """The corp's mass sends of a time, as WeCom lists them; at most a month."""
        api = "externalcontact/get_groupmsg_list_v2"
        Bounds(api).days("群发时间", start, end, 31)
        asked = {
            "chat_type": chat_type,
            "start_time": int(start.timestamp()),
            "end_time": int(end.timestamp()) + 1,
            "filter_type": 0,
            "limit": 100,
        }
        pages = self._pages(api, asked)
        return [record for page in pages for record in page.rows("group_msg_list", _record)]

    def upload_image(self, name: str, content: bytes) -> str:
        """A media id that lives three days."""
        made = self._client.upload("media/upload", name, content, type="image")
        return Answer(made, "media/upload").key("media_id")

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
        made = self._change("message/send", asked)
        unreached = made.text("invaliduser").split("|")
        return AppMessageReceipt(made.text("msgid"), tuple(one for one in unreached if one))


def _task(row: Answer) -> MassSendTask:
    return MassSendTask(
        userid=row.userid("userid"),
        is_confirmed=row.number("status") == 2,
        confirmed_at=row.at_or_none("send_time"),
    )


def _result(row: Answer, userid: str) -> MassSendResult:
    return MassSendResult(
        recipient=row.text("external_userid", "chat_id"),
        userid=(row.text("userid") or userid).lower(),
        state=row.one_of("status", _RESULT_STATES, "unsent"),
        sent_at=row.at_or_none("send_time"),
    )


def _record(row: Answer) -> MassSendRecord:
    return MassSendRecord(
        msgid=row.key("msgid"),
        created_at=row.at("create_time"),
        text=row.part("text").text("content"),
        attachments=row.rows("attachments", Answer.raw),
    )
