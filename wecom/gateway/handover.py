"""Calls that hand customers and groups from one guide to another (在职继承、离职继承)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from wecom.gateway.answers import Answer
from wecom.gateway.bounds import Bounds
from wecom.gateway.chapters import Chapter
from wecom.gateway.types import (
    GroupRefusal,
    TransferPage,
    TransferResult,
    TransferRow,
    Unassigned,
    UnassignedPage,
)
from wecom.gateway.types.handover import TransferState

_STATES: Final[dict[int, TransferState]] = {
    1: "done",
    2: "waiting",
    3: "refused",
    4: "full",
    5: "none",
}


class HandoverCalls(Chapter):
    """Transfers: asked for here, decided by the customer within 24 hours."""

    def transfer_customers(
        self,
        handover: str,
        takeover: str,
        external_userids: Sequence[str],
        *,
        message: str = "",
        has_resigned: bool = False,
    ) -> list[TransferRow]:
        """Begin to hand up to a hundred customers on; code 0 has begun, others are refused.

        Takes effect after 24 hours unless she refuses; twice in 90 days for each customer. The
        message is hers to read; a guide who left has none.
        """
        api = "externalcontact/transfer_customer"
        if has_resigned:
            api = "externalcontact/resigned/transfer_customer"
        bounds = Bounds(api)
        bounds.count("客户", external_userids, 100, least=1)
        bounds.characters("转接提示语", message, 200)
        if has_resigned and message:
            bounds.refuse("离职继承不支持转接提示语")
        asked = {
            "handover_userid": handover,
            "takeover_userid": takeover,
            "external_userid": list(external_userids),
        }
        if message:
            asked["transfer_success_msg"] = message
        return list(self._change(api, asked).rows("customer", _row))

    def transfer_results(
        self, handover: str, takeover: str, *, has_resigned: bool = False, cursor: str = ""
    ) -> TransferPage:
        """How the transfers between two guides stand, up to a thousand a page."""
        api = "externalcontact/transfer_result"
        if has_resigned:
            api = "externalcontact/resigned/transfer_result"
        asked = {"handover_userid": handover, "takeover_userid": takeover, "cursor": cursor}
        page = self._ask(api, asked)
        return TransferPage(page.rows("customer", _result), page.text("next_cursor"))

    def unassigned(self, cursor: str = "") -> UnassignedPage:
        """Customers of guides who left within a year and who wait for another."""
        asked = {"cursor": cursor, "page_size": 1000}
        page = self._ask("externalcontact/get_unassigned_list", asked)
        following = "" if page.flag("is_last") else page.text("next_cursor")
        return UnassignedPage(page.rows("info", _unassigned), following)

    def transfer_groups(
        self, chat_ids: Sequence[str], new_owner: str, *, has_resigned: bool = False
    ) -> list[GroupRefusal]:
        """Give up to a hundred groups another owner, at once; the answer names those refused.

        Of a guide who left: 300 groups a day for each person; otherwise twice in 90 days for each
        group.
        """
        api = "externalcontact/groupchat/onjob_transfer"
        if has_resigned:
            api = "externalcontact/groupchat/transfer"
        Bounds(api).count("客户群", chat_ids, 100, least=1)
        found = self._change(api, {"chat_id_list": list(chat_ids), "new_owner": new_owner})
        return list(found.rows("failed_chat_list", _refusal))


def _row(row: Answer) -> TransferRow:
    return TransferRow(row.key("external_userid"), row.number("errcode"))


def _result(row: Answer) -> TransferResult:
    # A number that nobody knows is asked about again, where `none` would begin anew.
    state = row.one_of("status", _STATES, "waiting")
    return TransferResult(row.key("external_userid"), state, row.at_or_none("takeover_time"))


def _unassigned(row: Answer) -> Unassigned:
    return Unassigned(
        handover_userid=row.userid("handover_userid"),
        external_userid=row.key("external_userid"),
        left_at=row.at("dimission_time"),
    )


def _refusal(row: Answer) -> GroupRefusal:
    return GroupRefusal(row.key("chat_id"), row.number("errcode"), row.text("errmsg"))
