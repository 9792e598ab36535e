"""Calls about conversations: 微信客服 (customer service) and the chat archive."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from django.conf import settings

from wecom.gateway.client import Calls
from wecom.gateway.contacts import moment
from wecom.gateway.errors import ArchiveNotOpen
from wecom.gateway.types import ArchivedMessage, KfMessage, KfPage, KfSession

_ORIGINS: Final = {3: "customer", 4: "system", 5: "servicer"}
_SESSION_STATES: Final = {0: "new", 1: "bot", 2: "waiting", 3: "servicer", 4: "ended"}
_SESSION_NUMBERS: Final = {name: number for number, name in _SESSION_STATES.items()}


class TalkCalls(Calls):
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
        page = self._client.read("kf/sync_msg", json=asked)
        return KfPage(
            messages=tuple(_kf_message(row, open_kfid) for row in page.get("msg_list") or ()),
            next_cursor=str(page.get("next_cursor") or ""),
            has_more=bool(page.get("has_more")),
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
        return str(self._client.write("kf/send_msg", asked).get("msgid") or msgid)

    def kf_state(self, open_kfid: str, external_userid: str) -> KfSession:
        """Whose turn it is to answer this customer."""
        asked = {"open_kfid": open_kfid, "external_userid": external_userid}
        found = self._client.read("kf/service_state/get", json=asked)
        number = int(found.get("service_state") or 0)
        servicer = str(found.get("servicer_userid") or "").lower()
        return KfSession(_SESSION_STATES.get(number, "ended"), servicer)

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
        self._client.write("kf/service_state/trans", asked)

    def archived_messages(self, seq: int, limit: int = 200) -> list[ArchivedMessage]:
        """Archived messages after `seq`, in order.

        WeCom gives them only through a C library; the bridge at WECOM_ARCHIVE_BRIDGE_URL runs it
        and answers by HTTP. Raises ArchiveNotOpen when no bridge is set.
        """
        if not settings.WECOM_ARCHIVE_BRIDGE_URL:
            raise ArchiveNotOpen(None, "WECOM_ARCHIVE_BRIDGE_URL is not set", api="archive")
        found = self._client.read(
            settings.WECOM_ARCHIVE_BRIDGE_URL, json={"seq": seq, "limit": limit}
        )
        return [_archived(row) for row in found.get("chatdata") or ()]


def _kf_message(row: dict[str, Any], open_kfid: str) -> KfMessage:
    kind = str(row.get("msgtype") or "")
    event: dict[str, Any] = row.get("event") or {}
    return KfMessage(
        msgid=str(row["msgid"]),
        open_kfid=str(row.get("open_kfid") or event.get("open_kfid") or open_kfid),
        # For events the ids stand inside the event (document 94670).
        external_userid=str(row.get("external_userid") or event.get("external_userid") or ""),
        servicer_userid=str(row.get("servicer_userid") or "").lower(),
        origin=_ORIGINS.get(int(row.get("origin") or 0), "system"),
        kind=kind,
        text=str((row.get("text") or {}).get("content") or "") if kind == "text" else "",
        event=str(event.get("event_type") or ""),
        at=moment(row.get("send_time")),
        raw=row,
    )


def _archived(row: dict[str, Any]) -> ArchivedMessage:
    message: dict[str, Any] = row.get("message") or {}
    kind = str(message.get("msgtype") or "")
    return ArchivedMessage(
        seq=int(row["seq"]),
        msgid=str(row.get("msgid") or message.get("msgid") or ""),
        sender=person_id(str(message.get("from") or "")),
        recipients=tuple(person_id(str(one)) for one in message.get("tolist") or ()),
        chat_id=str(message.get("roomid") or ""),
        text=str((message.get("text") or {}).get("content") or "") if kind == "text" else "",
        kind=kind,
        action=str(message.get("action") or "send"),
        # The archive counts milliseconds, everything else seconds (document 91774).
        at=datetime.fromtimestamp(int(message.get("msgtime") or 0) / 1000, tz=UTC),
    )


def person_id(key: str) -> str:
    """A userid in lower case, an external id as it is: only userids ignore case."""
    return key if key.startswith(("wm", "wo")) and len(key) == 32 else key.lower()
