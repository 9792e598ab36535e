"""Calls that set customer service up: accounts, who serves them, what they offer, their figures."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from wecom.gateway.answers import Answer, midnight
from wecom.gateway.bounds import Bounds
from wecom.gateway.chapters import Chapter, given
from wecom.gateway.types import (
    KfAccount,
    KfDay,
    KfServicer,
    KfServicerDay,
    KfServicerRefusal,
    KfUpgradeRange,
)


class CounterCalls(Chapter):
    """Accounts of customer service; an account must be given to the application first (48007)."""

    def kf_accounts(self) -> list[KfAccount]:
        """Every account, asked a hundred at a time."""
        found: list[KfAccount] = []
        while True:
            asked = {"offset": len(found), "limit": 100}
            page = self._ask("kf/account/list", asked).rows("account_list", _account)
            found += page
            if len(page) < 100:
                return found

    def create_kf_account(self, name: str, avatar_media_id: str) -> str:
        """A new account, and its open_kfid."""
        api = "kf/account/add"
        Bounds(api).characters("客服名称", name, 16, least=1)
        return self._change(api, {"name": name, "media_id": avatar_media_id}).key("open_kfid")

    def update_kf_account(
        self, open_kfid: str, *, name: str | None = None, avatar_media_id: str | None = None
    ) -> None:
        """Another name or picture; what is None stays."""
        api = "kf/account/update"
        Bounds(api).characters("客服名称", name, 16, least=1)
        changed = given(name=name, media_id=avatar_media_id)
        self._change(api, {"open_kfid": open_kfid, **changed})

    def delete_kf_account(self, open_kfid: str) -> None:
        """Close an account; its customers reach nobody there any more."""
        self._change("kf/account/del", {"open_kfid": open_kfid})

    def kf_link(self, open_kfid: str, scene: str = "") -> str:
        """An address that begins a talk; `scene` (32 letters, digits, -, _) comes back with it."""
        api = "kf/add_contact_way"
        Bounds(api).octets("场景值", scene, 32)
        asked = {"open_kfid": open_kfid, **({"scene": scene} if scene else {})}
        # Making an address twice gives the same one: asked as often as need be.
        return self._ask(api, asked).key("url")

    def kf_servicers(self, open_kfid: str) -> list[KfServicer]:
        """Who serves an account, and whether she does at this moment."""
        found = self._ask("kf/servicer/list", open_kfid=open_kfid)
        return list(found.rows("servicer_list", _servicer))

    def add_kf_servicers(
        self, open_kfid: str, userids: Sequence[str] = (), department_ids: Sequence[int] = ()
    ) -> list[KfServicerRefusal]:
        """Let guides serve an account; the answer names those who cannot."""
        return self._servicers("kf/servicer/add", open_kfid, userids, department_ids, 20)

    def remove_kf_servicers(
        self, open_kfid: str, userids: Sequence[str] = (), department_ids: Sequence[int] = ()
    ) -> list[KfServicerRefusal]:
        """Let guides serve an account no longer; repeating changes nothing."""
        return self._servicers("kf/servicer/del", open_kfid, userids, department_ids, 100)

    def kf_upgrade_range(self) -> KfUpgradeRange:
        """Whom an admin allowed to be offered to customers (升级服务)."""
        found = self._ask("kf/customer/get_upgrade_service_config")
        members = found.part("member_range")
        return KfUpgradeRange(
            userids=members.userids("userid_list"),
            department_ids=members.numbers("department_id_list"),
            chat_ids=found.part("groupchat_range").texts("chat_id_list"),
        )

    def offer_guide(
        self, open_kfid: str, external_userid: str, userid: str, wording: str = ""
    ) -> None:
        """Have the servicer offer her this guide as a friend; one in the range only (95021)."""
        member = {"userid": userid, "wording": wording}
        asked = {"open_kfid": open_kfid, "external_userid": external_userid}
        self._change("kf/customer/upgrade_service", {**asked, "type": 1, "member": member})

    def offer_group(
        self, open_kfid: str, external_userid: str, chat_id: str, wording: str = ""
    ) -> None:
        """Have the servicer offer her this group; one in the range only (95021)."""
        group = {"chat_id": chat_id, "wording": wording}
        asked = {"open_kfid": open_kfid, "external_userid": external_userid}
        self._change("kf/customer/upgrade_service", {**asked, "type": 2, "groupchat": group})

    def withdraw_offer(self, open_kfid: str, external_userid: str) -> None:
        """Take an offer back that she has not followed yet."""
        asked = {"open_kfid": open_kfid, "external_userid": external_userid}
        self._change("kf/customer/cancel_upgrade_service", asked)

    def kf_statistics(self, open_kfid: str = "", *, since: date, until: date) -> list[KfDay]:
        """Figures of an account, or of all; days without any are left out by WeCom."""
        api = "kf/get_corp_statistic"
        asked = _days(api, open_kfid, since, until)
        return list(self._ask(api, asked).rows("statistic_list", _day))

    def kf_servicer_statistics(
        self, open_kfid: str = "", userid: str = "", *, since: date, until: date
    ) -> list[KfServicerDay]:
        """Figures of one servicer, or of all."""
        api = "kf/get_servicer_statistic"
        asked = _days(api, open_kfid, since, until)
        if userid:
            asked["servicer_userid"] = userid
        return list(self._ask(api, asked).rows("statistic_list", _servicer_day))

    def _servicers(
        self,
        api: str,
        open_kfid: str,
        userids: Sequence[str],
        department_ids: Sequence[int],
        most_departments: int,
    ) -> list[KfServicerRefusal]:
        bounds = Bounds(api)
        bounds.some("接待人员与部门", userids, department_ids)
        bounds.count("接待人员", userids, 100)
        bounds.count("部门", department_ids, most_departments)
        asked: dict[str, Any] = {"open_kfid": open_kfid}
        if userids:
            asked["userid_list"] = list(userids)
        if department_ids:
            asked["department_id_list"] = list(department_ids)
        rows = self._change(api, asked).rows("result_list", _refusal)
        return [row for row in rows if row.code]


def _days(api: str, open_kfid: str, since: date, until: date) -> dict[str, Any]:
    Bounds(api).days("统计时间", since, until, 30)
    asked: dict[str, Any] = {"start_time": midnight(since), "end_time": midnight(until)}
    return asked | ({"open_kfid": open_kfid} if open_kfid else {})


def _account(row: Answer) -> KfAccount:
    return KfAccount(
        open_kfid=row.key("open_kfid"),
        name=row.text("name"),
        avatar=row.text("avatar"),
        is_managed=row.flag("manage_privilege"),
    )


def _servicer(row: Answer) -> KfServicer:
    return KfServicer(
        userid=row.text("userid").lower(),
        department_id=row.number("department_id"),
        is_serving=row.number("status") == 0,
    )


def _refusal(row: Answer) -> KfServicerRefusal:
    return KfServicerRefusal(
        userid=row.text("userid").lower(),
        department_id=row.number("department_id"),
        code=row.number("errcode"),
        message=row.text("errmsg"),
    )


def _day(row: Answer) -> KfDay:
    found = row.part("statistic")
    return KfDay(
        on=row.day("stat_time"),
        sessions=found.number("session_cnt"),
        customers=found.number("customer_cnt"),
        messages=found.number("customer_msg_cnt"),
        upgraded_customers=found.number("upgrade_service_customer_cnt"),
        bot_sessions=found.number("ai_session_reply_cnt"),
        bot_handed_over_share=found.real("ai_transfer_rate"),
        bot_known_share=found.real("ai_knowledge_hit_rate"),
        refusing_customers=found.number("msg_rejected_customer_cnt"),
    )


def _servicer_day(row: Answer) -> KfServicerDay:
    found = row.part("statistic")
    return KfServicerDay(
        on=row.day("stat_time"),
        sessions=found.number("session_cnt"),
        customers=found.number("customer_cnt"),
        messages=found.number("customer_msg_cnt"),
        replied_share=found.real("reply_rate"),
        first_reply_seconds=found.real("first_reply_average_sec"),
        satisfied_share=found.real("satisfied_rate"),
        refusing_customers=found.number("msg_rejected_customer_cnt"),
    )
