"""Calls that reach people: welcomes, mass sends and their records, app messages, pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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

    def send_app_message(
        self, userids: Sequence[str], *, title: str = "", text: str, url: str = ""
    ) -> AppMessageReceipt:
        """Tell guides something in their WeCom client; with `url` a card they can tap.

        The same message again within four hours is swallowed by WeCom.
        """
        bounds = Bounds("message/send")
        if url:
            card = {"title": title[:40], "description": text, "url": url}
            bounds.octets("卡片描述", text, 512)
            bounds.octets("链接地址", url, 2048)
            return self._tell(userids, {"msgtype": "textcard", "textcard": card})
        content = f"{title}\n{text}".strip()
        bounds.octets("消息", content, 2048, least=1)
        return self._tell(userids, {"msgtype": "text", "text": {"content": content}})

    def send_app_card(self, userids: Sequence[str], card: Mapping[str, Any]) -> AppMessageReceipt:
        """A template card in WeCom's own fields; its receipt's code lets it be changed once."""
        said = {"msgtype": "template_card", "template_card": dict(card)}
        return self._tell(userids, said)

    def send_app_media(self, userids: Sequence[str], kind: str, media_id: str) -> AppMessageReceipt:
        """A picture, voice, video or file of `upload_media`."""
        Bounds("message/send").one_of("消息类型", kind, ("image", "voice", "video", "file"))
        return self._tell(userids, {"msgtype": kind, kind: {"media_id": media_id}})

    def recall_app_message(self, msgid: str) -> None:
        """Take back what this application said within 24 hours (42052)."""
        self._change("message/recall", {"msgid": msgid})

    def update_card(
        self,
        userids: Sequence[str],
        response_code: str,
        *,
        button: str = "",
        card: Mapping[str, Any] | None = None,
    ) -> list[str]:
        """Put a word in the place of a card's buttons, or another card in its place; once a code.

        The answer names those who do not see it.
        """
        api = "message/update_template_card"
        Bounds(api).some("按钮文字与新卡片", button, card)
        asked: dict[str, Any] = {"userids": list(userids), "response_code": response_code}
        asked["agentid"] = self.agent_id
        if card is None:
            asked["button"] = {"replace_name": button}
        else:
            asked["template_card"] = dict(card)
        return list(self._change(api, asked).texts("invaliduser"))

    def _tell(self, userids: Sequence[str], said: dict[str, Any]) -> AppMessageReceipt:
        api = "message/send"
        Bounds(api).count("导购", userids, 1000, least=1)
        asked = {
            "touser": "|".join(userids),
            "agentid": self.agent_id,
            "enable_duplicate_check": 1,
            "duplicate_check_interval": _SWALLOW_SECONDS,
        }
        made = self._change(api, {**asked, **said})
        unreached = made.text("invaliduser").split("|")
        return AppMessageReceipt(
            msgid=made.text("msgid"),
            unreached=tuple(one for one in unreached if one),
            response_code=made.text("response_code"),
        )


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
