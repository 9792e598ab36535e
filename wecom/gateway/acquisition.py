"""Calls about acquisition links (获客助手): a link for any page, paid for by each new customer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from wecom.gateway.answers import Answer, midnight
from wecom.gateway.bounds import Bounds
from wecom.gateway.chapters import Chapter
from wecom.gateway.types import (
    AcquisitionChat,
    AcquisitionCustomer,
    AcquisitionFigures,
    AcquisitionLink,
    AcquisitionLot,
    AcquisitionPage,
    AcquisitionQuota,
)
from wecom.gateway.types.acquisition import ChatState

_CHATS: Final[dict[int, ChatState]] = {0: "silent", 1: "spoke"}
_API: Final = "externalcontact/customer_acquisition"


class AcquisitionCalls(Chapter):
    """Links, who came by them, and what is left of the paid quota."""

    def acquisition_links(self) -> list[str]:
        """The ids of all links, asked a hundred at a time."""
        pages = self._pages(f"{_API}/list_link", {"limit": 100})
        return [found for page in pages for found in page.texts("link_id_list")]

    def acquisition_link(self, link_id: str) -> AcquisitionLink:
        """One link with whom it leads to."""
        return _link(self._ask(f"{_API}/get", {"link_id": link_id}), link_id)

    def create_acquisition_link(
        self,
        name: str,
        userids: Sequence[str] = (),
        department_ids: Sequence[int] = (),
        *,
        skip_verify: bool = True,
    ) -> AcquisitionLink:
        """A new link to these guides; a quota bounds how many there are (41095)."""
        api = f"{_API}/create_link"
        Bounds(api).some("导购与部门", userids, department_ids)
        asked = {**_asked(api, name, userids, department_ids), "skip_verify": skip_verify}
        return _link(self._change(api, asked), "")

    def update_acquisition_link(
        self,
        link_id: str,
        name: str,
        userids: Sequence[str] = (),
        department_ids: Sequence[int] = (),
        *,
        skip_verify: bool = True,
    ) -> None:
        """Replace name, guides and verification of a link; its address stays."""
        api = f"{_API}/update_link"
        asked = {**_asked(api, name, userids, department_ids), "skip_verify": skip_verify}
        self._change(api, {"link_id": link_id, **asked})

    def delete_acquisition_link(self, link_id: str) -> None:
        """Make a link lead nowhere."""
        self._change(f"{_API}/delete_link", {"link_id": link_id})

    def acquisition_customers(self, link_id: str, cursor: str = "") -> AcquisitionPage:
        """Who came by a link, a thousand at a time."""
        asked = {"link_id": link_id, "limit": 1000, "cursor": cursor}
        page = self._ask(f"{_API}/customer", asked)
        return AcquisitionPage(page.rows("customer_list", _customer), page.text("next_cursor"))

    def acquisition_chat(self, chat_key: str) -> AcquisitionChat:
        """What the key of an event tells, within half an hour: how often she wrote."""
        found = self._ask(f"{_API}/get_chat_info", {"chat_key": chat_key})
        info = found.part("chat_info")
        return AcquisitionChat(
            userid=found.text("userid").lower(),
            external_userid=found.text("external_userid"),
            messages=info.number("recv_msg_cnt"),
            link_id=info.text("link_id"),
            state=info.text("state"),
        )

    def acquisition_quota(self) -> AcquisitionQuota:
        """What was paid for and what is left."""
        found = self._ask("externalcontact/customer_acquisition_quota")
        return AcquisitionQuota(
            total=found.number("total"),
            balance=found.number("balance"),
            lots=found.rows("quota_list", _lot),
        )

    def acquisition_figures(self, link_id: str, *, since: date, until: date) -> AcquisitionFigures:
        """What a link brought from one day to another."""
        api = f"{_API}/statistic"
        Bounds(api).days("统计时间", since, until, 180)
        asked = {"link_id": link_id, "start_time": midnight(since), "end_time": midnight(until)}
        found = self._ask(api, asked)
        return AcquisitionFigures(
            found.number("click_link_customer_cnt"), found.number("new_customer_cnt")
        )


def _asked(
    api: str, name: str, userids: Sequence[str], department_ids: Sequence[int]
) -> dict[str, Any]:
    bounds = Bounds(api)
    bounds.characters("链接名称", name, 30, least=1)
    bounds.count("导购", userids, 500)
    asked: dict[str, Any] = {"link_name": name}
    if userids or department_ids:
        asked["range"] = {"user_list": list(userids), "department_list": list(department_ids)}
    return asked


def _link(found: Answer, link_id: str) -> AcquisitionLink:
    link, whom = found.part("link"), found.part("range")
    return AcquisitionLink(
        link_id=link_id or link.key("link_id"),
        name=link.text("link_name"),
        url=link.text("url"),
        created_at=link.at_or_none("create_time"),
        skip_verify=link.flag("skip_verify", default=True),
        userids=whom.userids("user_list"),
        department_ids=whom.numbers("department_list"),
    )


def _customer(row: Answer) -> AcquisitionCustomer:
    return AcquisitionCustomer(
        external_userid=row.key("external_userid"),
        userid=row.text("userid").lower(),
        chat_state=row.one_of("chat_status", _CHATS, "unknown"),
        state=row.text("state"),
    )


def _lot(row: Answer) -> AcquisitionLot:
    expires_on = row.day("expire_date") if row.number("expire_date") else None
    return AcquisitionLot(row.number("balance"), expires_on)
