"""Calls of customer service (微信客服): reading, answering, handing on.

Not: accounts, servicers, figures; they stand in `counters.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from wecom.gateway.answers import Answer
from wecom.gateway.bounds import Bounds
from wecom.gateway.chapters import Chapter
from wecom.gateway.types import KfCustomer, KfMessage, KfPage, KfSession

_ORIGINS: Final = {3: "customer", 4: "system", 5: "servicer"}
_SESSION_STATES: Final = {0: "new", 1: "bot", 2: "waiting", 3: "servicer", 4: "ended"}
_SESSION_NUMBERS: Final = {name: number for number, name in _SESSION_STATES.items()}


class DeskCalls(Chapter):
    """The one place where WeCom lets a server speak freely with customers."""

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
        asked = {"touser": external_userid, "open_kfid": open_kfid}
        return self._say("kf/send_msg", {**asked, **_said("kf/send_msg", text, msgid)}, msgid)

    def answer_kf_event(self, code: str, text: str, msgid: str = "") -> str:
        """Answer an event that brought a code: a welcome or a farewell within 20 seconds, once."""
        api = "kf/send_msg_on_event"
        return self._say(api, {"code": code, **_said(api, text, msgid)}, msgid)

    def kf_state(self, open_kfid: str, external_userid: str) -> KfSession:
        """Whose turn it is to answer this customer."""
        asked = {"open_kfid": open_kfid, "external_userid": external_userid}
        found = self._ask("kf/service_state/get", asked)
        state = _SESSION_STATES.get(found.number("service_state"), "ended")
        return KfSession(state, found.text("servicer_userid").lower())

    def move_kf_session(
        self, open_kfid: str, external_userid: str, state: str, servicer_userid: str = ""
    ) -> str:
        """Hand the conversation on: `bot`, `waiting`, `servicer` (with her userid) or `ended`.

        The answer is a code for `answer_kf_event`, or nothing.
        """
        Bounds("kf/service_state/trans").one_of("会话状态", state, _SESSION_NUMBERS)
        asked: dict[str, Any] = {
            "open_kfid": open_kfid,
            "external_userid": external_userid,
            "service_state": _SESSION_NUMBERS[state],
        }
        if servicer_userid:
            asked["servicer_userid"] = servicer_userid
        return self._change("kf/service_state/trans", asked).text("msg_code")

    def kf_customers(
        self, external_userids: Sequence[str], *, with_session: bool = False
    ) -> list[KfCustomer]:
        """Who up to a hundred customers are; WeCom leaves out those who did not write for 48 h."""
        api = "kf/customer/batchget"
        Bounds(api).count("客户", external_userids, 100, least=1)
        asked = {
            "external_userid_list": list(external_userids),
            "need_enter_session_context": int(with_session),
        }
        return list(self._ask(api, asked).rows("customer_list", _customer))

    def _say(self, api: str, asked: dict[str, Any], msgid: str) -> str:
        return self._change(api, asked).text("msgid") or msgid


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


def _said(api: str, text: str, msgid: str) -> dict[str, Any]:
    Bounds(api).octets("客服消息", text, 2048, least=1)
    Bounds(api).octets("消息编号", msgid, 32)
    said: dict[str, Any] = {"msgtype": "text", "text": {"content": text}}
    return said | ({"msgid": msgid} if msgid else {})


def _customer(row: Answer) -> KfCustomer:
    session = row.part("enter_session_context")
    return KfCustomer(
        external_userid=row.key("external_userid"),
        name=row.text("nickname"),
        avatar=row.text("avatar"),
        unionid=row.text("unionid"),
        scene=session.text("scene"),
        scene_param=session.text("scene_param"),
    )
