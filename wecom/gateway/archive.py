"""Calls of the chat archive (会话内容存档): whose talk is kept, who agreed, what was said.

WeCom gives the content only through a C library; the bridge at WECOM_ARCHIVE_BRIDGE_URL runs it
and answers by HTTP. The data zone (数据与智能专区) tells through the corp's own program in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from django.conf import settings

from wecom.gateway.answers import Answer
from wecom.gateway.bounds import Bounds
from wecom.gateway.chapters import Chapter, given
from wecom.gateway.downloads import download
from wecom.gateway.errors import ArchiveNotOpen
from wecom.gateway.types import Agreement, ArchivedMessage, HitMessage, HitPage, HitRule
from wecom.gateway.types.archive import AgreementState

_AGREED: Final[dict[str, AgreementState]] = {
    "Agree": "agreed",
    # Said by nobody: the corp asked for no explicit agreement.
    "Default_Agree": "agreed",
    "Disagree": "refused",
}
# In the data zone a member is 1, a customer 2 (document 101365).
_STAFF: Final = 1


class ArchiveCalls(Chapter):
    """Reading the archive; nothing here speaks."""

    def permit_users(self, edition: int | None = None) -> list[str]:
        """The guides whose talk is kept; `edition` 1 office, 2 service, 3 enterprise."""
        asked = {} if edition is None else {"type": edition}
        return list(self._ask("msgaudit/get_permit_user_list", asked).userids("ids"))

    def single_agreements(self, pairs: Sequence[tuple[str, str]]) -> list[Agreement]:
        """Whether customers agreed: up to a hundred pairs of a guide and an external id."""
        api = "msgaudit/check_single_agree"
        Bounds(api).count("导购与客户", pairs, 100, least=1)
        # `exteranalopenid` is WeCom's own spelling (document 91782).
        info = [{"userid": userid, "exteranalopenid": customer} for userid, customer in pairs]
        return list(self._ask(api, {"info": info}).rows("agreeinfo", _agreement))

    def room_agreements(self, chat_id: str) -> list[Agreement]:
        """Whether each customer of a group agreed."""
        found = self._ask("msgaudit/check_room_agree", {"roomid": chat_id})
        return list(found.rows("agreeinfo", _agreement))

    def archived_messages(self, seq: int, limit: int = 200) -> list[ArchivedMessage]:
        """Archived messages after `seq`, in order.

        Raises ArchiveNotOpen when no bridge is set.
        """
        found = self._ask(_bridge(), {"seq": seq, "limit": limit})
        return list(found.rows("chatdata", _archived))

    def archived_media(self, sdkfileid: str) -> bytes:
        """A picture, voice or file of an archived message. Raises ArchiveNotOpen."""
        # The bridge gives messages under …/chatdata and files beside it.
        return download(
            self._client, f"{_bridge().rpartition('/')[0]}/mediadata", sdkfileid=sdkfileid
        )

    def keyword_hits(self, cursor: str = "", token: str = "", limit: int = 1000) -> HitPage:
        """What keyword rules were hit by behind a cursor, five days back at most.

        Answered by the corp's program in the data zone; the token of an event lifts a limit.
        Raises ArchiveNotOpen.
        """
        if not settings.WECOM_ZONE_BRIDGE_URL:
            raise ArchiveNotOpen(None, "WECOM_ZONE_BRIDGE_URL is not set", api="zone")
        asked = {"limit": limit, **given(cursor=cursor or None, token=token or None)}
        page = self._ask(f"{settings.WECOM_ZONE_BRIDGE_URL}/get_hit_msg_list", asked)
        return HitPage(page.rows("msg_list", _hit), page.text("next_cursor"), page.flag("has_more"))


def _bridge() -> str:
    if not settings.WECOM_ARCHIVE_BRIDGE_URL:
        raise ArchiveNotOpen(None, "WECOM_ARCHIVE_BRIDGE_URL is not set", api="archive")
    return str(settings.WECOM_ARCHIVE_BRIDGE_URL)


def _agreement(row: Answer) -> Agreement:
    return Agreement(
        userid=row.text("userid").lower(),
        external_userid=row.key("exteranalopenid"),
        state=_AGREED.get(row.text("agree_status"), "unknown"),
        since=row.at_or_none("status_change_time"),
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


def _hit(row: Answer) -> HitMessage:
    sender = row.part("sender")
    return HitMessage(
        msgid=row.key("msgid"),
        sender=person_id(sender.text("id")),
        is_staff=sender.number("type") == _STAFF,
        recipients=row.rows("receiver_list", lambda one: person_id(one.text("id"))),
        chat_id=row.text("chatid"),
        at=row.at("send_time"),
        rules=row.rows("hit_rule_list", _rule),
    )


def _rule(row: Answer) -> HitRule:
    return HitRule(row.key("rule_id"), row.text("rule_name"))


def person_id(key: str) -> str:
    """A userid in lower case, an external id as it is: only userids ignore case."""
    return key if key.startswith(("wm", "wo")) and len(key) == 32 else key.lower()
