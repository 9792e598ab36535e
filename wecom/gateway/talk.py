"""Calls about conversations: 微信客服 (customer service) and the chat archive."""

from __future__ import annotations

from typing import Any, Final

from django.conf import settings

from wecom.gateway.answers import Answer
from wecom.gateway.chapters import Chapter
from wecom.gateway.errors import ArchiveNotOpen
from wecom.gateway.types import ArchivedMessage, KfMessage, KfPage, KfSession

_ORIGINS: Final = {3: "customer", 4: "system", 5: "servicer"}
_SESSION_STATES: Final = {0: "new", 1: "bot", 2: "waiting", 3: "servicer", 4: "ended"}
_SESSION_NUMBERS: Final = {name: number for number, name in _SESSION_STATES.items()}


class TalkCalls(Chapter):
    """Reading and answering where WeCom allows a server to speak."""

    def kf_messages(
        self, open_kfid: str, cursor: str = "", token: str = "", limit: int = 200
    ) -> KfPage:
        """The next page of an account's messages of the last three days.

        `token` comes with the callback and lifts a strict limit for ten minutes.
        """
        asked: dict[str, Any] = {"open_kfid": open_kfid, "limit": limit}
        if cursor:
            asked["cursor"] = cursor
        if token:
            asked["token"] = token
        page = self._ask("kf/sync_msg", asked)
        return KfPage(
            messages=page.rows("msg_list", lambda row: _kf_message(row, open_kfid)),
            next_cursor=page.text("next_cursor"),
            has_more=page.flag("has_more"),
        )

    def send_kf_message(
        self, *, open_kfid: str, external_userid: str, text: str, msgid: str = ""
    ) -> str:
        """Answer a customer; within 48 hours, five messages for each of hers.

        With `msgid` of our own a repetition is refused by WeCom instead of sent (document 94677).
        Raises WindowClosed.
        """
        asked: dict[str, Any] = {
            "touser": external_userid,
            "open_kfid": open_kfid,
            "msgtype": "text",
            "text": {"content": text},
        }
        if msgid:
            asked["msgid"] = msgid
        return self._change("kf/send_msg", asked).text("msgid") or msgid

    def kf_state(self, open_kfid: str, external_userid: str) -> KfSession:
        """Whose turn it is to answer this customer."""
        asked = {"open_kfid": open_kfid, "external_userid": external_userid}
        found = self._ask("kf/service_state/get", asked)
        state = _SESSION_STATES.get(found.number("service_state"), "ended")
        return KfSession(state, found.text("servicer_userid").lower())

    def move_kf_session(
        self, open_kfid: str, external_userid: str, state: str, servicer_userid: str = ""
    ) -> None:
        """Hand the conversation on: `bot`, `waiting`, `servicer` (with her userid) or `ended`."""
        asked: dict[str, Any] = {
            "open_kfid": open_kfid,
            "external_userid": external_userid,
            "service_state": _SESSION_NUMBERS[state],
        }
        if servicer_userid:
            asked["servicer_userid"] = servicer_userid
        self._change("kf/service_state/trans", asked)

    def archived_messages(self, seq: int, limit: int = 200) -> list[ArchivedMessage]:
        """Archived messages after `seq`, in order.

        WeCom gives them only through a C library; the bridge at WECOM_ARCHIVE_BRIDGE_URL runs it
        and answers by HTTP. Raises ArchiveNotOpen when no bridge is set.
        """
        if not settings.WECOM_ARCHIVE_BRIDGE_URL:
            raise ArchiveNotOpen(None, "WECOM_ARCHIVE_BRIDGE_URL is not set", api="archive")
        found = self._ask(settings.WECOM_ARCHIVE_BRIDGE_URL, {"seq": seq, "limit": limit})
        return list(found.rows("chatdata", _archived))


def _kf_message(row: Answer, open_kfid: str) -> KfMessage:
    kind, event = row.text("msgtype"), row.part("event")
    return KfMessage(
        msgid=row.key("msgid"),
        # For events the ids stand inside the event (document 94670).
        open_kfid=row.text("open_kfid") or event.text("open_kfid") or open_kfid,
        external_userid=row.text("external_userid") or event.text("external_userid"),
        servicer_userid=row.text("servicer_userid").lower(),
        origin=row.one_of("origin", _ORIGINS, "system"),
        kind=kind,
        text=row.part("text").text("content") if kind == "text" else "",
        event=event.text("event_type"),
        at=row.at("send_time"),
        raw=row.raw(),
    )


def _archived(row: Answer) -> ArchivedMessage:
    message = row.part("message")
    kind = message.text("msgtype")
    return ArchivedMessage(
        seq=row.number("seq"),
        msgid=row.text("msgid") or message.text("msgid"),
        sender=person_id(message.text("from")),
        recipients=tuple(person_id(one) for one in message.texts("tolist")),
        chat_id=message.text("roomid"),
        text=message.part("text").text("content") if kind == "text" else "",
        kind=kind,
        action=message.text("action") or "send",
        at=message.at_milliseconds("msgtime"),
    )


def person_id(key: str) -> str:
    """A userid in lower case, an external id as it is: only userids ignore case."""
    return key if key.startswith(("wm", "wo")) and len(key) == 32 else key.lower()
