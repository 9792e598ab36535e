"""Calls about codes: those that lead to a guide (联系我) and those that lead into a group."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from wecom.gateway.answers import Answer
from wecom.gateway.bounds import Bounds
from wecom.gateway.chapters import Chapter, given
from wecom.gateway.errors import WecomError
from wecom.gateway.types import ContactWay, ContactWayCard, JoinWay, JoinWayCard


class WayCalls(Chapter):
    """Making, changing and removing codes; those of the admin console are not seen here."""

    def create_contact_way(self, userid: str, state: str, remark: str = "") -> ContactWay:
        """A code with which a customer adds this guide, marked by `state` (30 characters).

        The remark is cut to 30 characters: only people at WeCom's console read it.
        """
        api = "externalcontact/add_contact_way"
        Bounds(api).characters("渠道参数 state", state, 30)
        asked = {
            "type": 1,
            "scene": 2,
            "skip_verify": True,
            "state": state,
            "remark": remark[:30],
            "user": [userid],
        }
        made = self._change(api, asked)
        return ContactWay(made.key("config_id"), made.text("qr_code"))

    def contact_way_ids(
        self, since: datetime, until: datetime | None = None, cursor: str = ""
    ) -> tuple[list[str], str]:
        """Some of the codes made in a time, and the cursor of the next ones, empty at the end.

        WeCom lists codes made after July 2021, and no temporary ones.
        """
        asked: dict[str, Any] = {"start_time": int(since.timestamp()), "limit": 1000}
        asked |= given(end_time=None if until is None else int(until.timestamp()))
        page = self._ask("externalcontact/list_contact_way", {**asked, "cursor": cursor})
        ids = page.rows("contact_way", lambda row: row.key("config_id"))
        return list(ids), page.text("next_cursor")

    def contact_way(self, config_id: str) -> ContactWayCard:
        """One code with all that WeCom knows of it."""
        found = self._ask("externalcontact/get_contact_way", {"config_id": config_id})
        return _contact_way(found.part("contact_way"))

    def contact_ways_since(self, since: datetime) -> Iterator[tuple[ContactWay, str, list[str]]]:
        """Each code made since then, with its state and guides; for an unknown outcome."""
        cursor, known = "", set[str]()
        while cursor not in known:
            known.add(cursor)
            ids, cursor = self.contact_way_ids(since, cursor=cursor)
            for config_id in ids:
                card = self.contact_way(config_id)
                way = ContactWay(card.config_id, card.qr_code_url)
                yield way, card.state, list(card.userids)
            if not cursor:
                return

    def update_contact_way(
        self,
        config_id: str,
        *,
        userids: Sequence[str] | None = None,
        state: str | None = None,
        remark: str | None = None,
        skip_verify: bool | None = None,
    ) -> None:
        """Change a code; what is None stays, `userids` replaces the whole list."""
        api = "externalcontact/update_contact_way"
        bounds = Bounds(api)
        bounds.count("导购", userids, 100, least=1)
        bounds.characters("渠道参数 state", state, 30)
        bounds.characters("渠道码备注", remark, 30)
        users = None if userids is None else list(userids)
        changed = given(user=users, state=state, remark=remark, skip_verify=skip_verify)
        self._change(api, {"config_id": config_id, **changed})

    def delete_contact_way(self, config_id: str) -> None:
        """Make a code lead nowhere; printed ones stay dead for ever."""
        self._change("externalcontact/del_contact_way", {"config_id": config_id})

    def create_join_way(
        self,
        chat_ids: Sequence[str],
        state: str,
        *,
        remark: str = "",
        room_base_name: str = "",
        room_base_id: int = 1,
    ) -> JoinWay:
        """A code into one of up to five groups; a new group is made when all are full.

        `qr_code_url` is empty when WeCom made the code and then failed to show it: ask `join_way`.
        """
        api = "externalcontact/groupchat/add_join_way"
        _check_join_way(api, chat_ids, state, remark, room_base_name)
        asked = {"scene": 2, **_rooms(room_base_name, room_base_id)}
        asked |= {"chat_id_list": list(chat_ids), "state": state, "remark": remark}
        config_id = self._change(api, asked).key("config_id")
        # The answer has no picture; it is asked for with the id (document 92229). The code is
        # made by now: an error here would have it made again.
        try:
            return JoinWay(config_id, self.join_way(config_id).qr_code_url)
        except WecomError:
            return JoinWay(config_id, "")

    def join_way(self, config_id: str) -> JoinWayCard:
        """One code into groups; an application sees only its own."""
        found = self._ask("externalcontact/groupchat/get_join_way", {"config_id": config_id})
        way = found.part("join_way")
        return JoinWayCard(
            config_id=way.text("config_id") or config_id,
            chat_ids=way.texts("chat_id_list"),
            state=way.text("state"),
            qr_code_url=way.text("qr_code"),
            remark=way.text("remark"),
            opens_more=way.flag("auto_create_room", default=True),
            room_base_name=way.text("room_base_name"),
            room_base_id=way.number("room_base_id"),
        )

    def update_join_way(
        self,
        config_id: str,
        *,
        chat_ids: Sequence[str],
        state: str,
        remark: str = "",
        room_base_name: str = "",
        room_base_id: int = 1,
    ) -> None:
        """Replace everything about a code into groups, its picture excepted."""
        api = "externalcontact/groupchat/update_join_way"
        _check_join_way(api, chat_ids, state, remark, room_base_name)
        asked = {"config_id": config_id, "scene": 2, **_rooms(room_base_name, room_base_id)}
        asked |= {"chat_id_list": list(chat_ids), "state": state, "remark": remark}
        self._change(api, asked)

    def delete_join_way(self, config_id: str) -> None:
        """Make a code into groups lead nowhere."""
        self._change("externalcontact/groupchat/del_join_way", {"config_id": config_id})


def _check_join_way(
    api: str, chat_ids: Sequence[str], state: str, remark: str, room_base_name: str
) -> None:
    bounds = Bounds(api)
    bounds.count("客户群", chat_ids, 5, least=1)
    bounds.characters("渠道参数 state", state, 30)
    # WeCom would cut it without a word (document 92229).
    bounds.characters("群活码备注", remark, 30)
    bounds.characters("群名前缀", room_base_name, 40)


def _rooms(base_name: str, base_id: int) -> dict[str, Any]:
    """Whether WeCom opens more groups, and how it names them: the base and a number."""
    named = {"room_base_name": base_name, "room_base_id": base_id} if base_name else {}
    return {"auto_create_room": 1, **named}


def _contact_way(way: Answer) -> ContactWayCard:
    return ContactWayCard(
        config_id=way.key("config_id"),
        state=way.text("state"),
        remark=way.text("remark"),
        userids=way.userids("user"),
        department_ids=way.numbers("party"),
        skip_verify=way.flag("skip_verify", default=True),
        qr_code_url=way.text("qr_code"),
    )
