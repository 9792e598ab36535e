"""Calls about people and groups: who a contact is, who stands in a group, codes to both."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from wecom.gateway.client import Calls, Client
from wecom.gateway.errors import NotFriends
from wecom.gateway.types import (
    ContactCard,
    ContactWay,
    Follower,
    GroupCard,
    GroupPerson,
    JoinWay,
)


class ContactCalls(Calls):
    """Reading contacts and groups, making codes."""

    def contact(self, external_userid: str) -> ContactCard:
        """The contact with every follower in range. Raises ContactUnknown, NotFriends."""
        card: dict[str, Any] = {}
        followers: list[Follower] = []
        asked = {"external_userid": external_userid}
        for page in pages(self._contacts, "externalcontact/get", asked, by_query=True):
            card = card or page["external_contact"]
            followers += [_follower(found) for found in page.get("follow_user") or ()]
        return ContactCard(
            external_userid=str(card["external_userid"]),
            name=str(card.get("name") or ""),
            avatar=str(card.get("avatar") or ""),
            kind="wechat" if card.get("type") == 1 else "wecom",
            unionid=str(card.get("unionid") or ""),
            followers=tuple(followers),
        )

    def contacts_of(self, userid: str) -> list[str]:
        """The external ids of a guide's friends; WeCom's error for "none" is an empty list."""
        try:
            found = self._contacts.read("externalcontact/list", userid=userid)
        except NotFriends:
            return []
        return [str(key) for key in found.get("external_userid") or ()]

    def group(self, chat_id: str) -> GroupCard:
        """The group as it stands; up to two seconds behind the event. Raises GroupUnknown."""
        asked = {"chat_id": chat_id, "need_name": 1}
        found = self._contacts.read("externalcontact/groupchat/get", json=asked)["group_chat"]
        return GroupCard(
            chat_id=str(found["chat_id"]),
            name=str(found.get("name") or ""),
            owner_userid=str(found.get("owner") or "").lower(),
            created_at=moment(found.get("create_time")),
            member_version=str(found.get("member_version") or ""),
            members=tuple(_person(one) for one in found.get("member_list") or ()),
            notice=str(found.get("notice") or ""),
        )

    def group_ids(self, owner_userids: Sequence[str]) -> list[str]:
        """The groups of these owners, asked a hundred owners at a time."""
        ids: list[str] = []
        for start in range(0, len(owner_userids), 100):
            asked = {
                "status_filter": 0,
                "owner_filter": {"userid_list": list(owner_userids[start : start + 100])},
                "limit": 1000,
            }
            for page in pages(self._contacts, "externalcontact/groupchat/list", asked):
                ids += [str(row["chat_id"]) for row in page.get("group_chat_list") or ()]
        return ids

    def create_contact_way(self, userid: str, state: str, remark: str = "") -> ContactWay:
        """A code with which a customer adds this guide, marked by `state` (30 characters)."""
        asked = {
            "type": 1,
            "scene": 2,
            "skip_verify": True,
            "state": state,
            "remark": remark[:30],
            "user": [userid],
        }
        made = self._contacts.write("externalcontact/add_contact_way", asked)
        return ContactWay(str(made["config_id"]), str(made.get("qr_code") or ""))

    def contact_ways_since(self, since: datetime) -> Iterator[tuple[ContactWay, str, list[str]]]:
        """Each code made since then, with its state and guides; for an unknown outcome."""
        asked = {"start_time": int(since.timestamp()), "limit": 100}
        for page in pages(self._contacts, "externalcontact/list_contact_way", asked):
            for row in page.get("contact_way") or ():
                found = self._contacts.read(
                    "externalcontact/get_contact_way", json={"config_id": row["config_id"]}
                )["contact_way"]
                way = ContactWay(str(found["config_id"]), str(found.get("qr_code") or ""))
                guides = [str(userid).lower() for userid in found.get("user") or ()]
                yield way, str(found.get("state") or ""), guides

    def create_join_way(self, chat_ids: Sequence[str], state: str) -> JoinWay:
        """A code into one of up to five groups; a new group is made when all are full."""
        asked = {
            "scene": 2,
            "auto_create_room": 1,
            "chat_id_list": list(chat_ids),
            "state": state,
        }
        made = self._contacts.write("externalcontact/groupchat/add_join_way", asked)
        config_id = str(made["config_id"])
        # The answer has no picture; it is asked for with the id (document 92229).
        found = self._contacts.read(
            "externalcontact/groupchat/get_join_way", json={"config_id": config_id}
        )
        return JoinWay(config_id, str(found["join_way"].get("qr_code") or ""))


def pages(
    client: Client, api: str, asked: dict[str, Any], *, by_query: bool = False
) -> Iterator[dict[str, Any]]:
    """Every page of a list. Ends when WeCom gives no cursor, or the one it gave before."""
    cursor = ""
    while True:
        question = {**asked, "cursor": cursor} if cursor else dict(asked)
        page = client.read(api, **question) if by_query else client.read(api, json=question)
        yield page
        following = str(page.get("next_cursor") or "")
        if not following or following == cursor:
            return
        cursor = following


def moment(seconds: Any) -> datetime:
    """WeCom's seconds as a time; nothing is the epoch."""
    return datetime.fromtimestamp(int(seconds or 0), tz=UTC)


def _follower(found: dict[str, Any]) -> Follower:
    return Follower(
        userid=str(found["userid"]).lower(),
        since=moment(found.get("createtime")),
        state=str(found.get("state") or ""),
        add_way=int(found.get("add_way") or 0),
        remark=str(found.get("remark") or ""),
    )


def _person(found: dict[str, Any]) -> GroupPerson:
    is_staff = found.get("type") == 1
    key = str(found["userid"])
    return GroupPerson(
        id=key.lower() if is_staff else key,
        is_staff=is_staff,
        name=str(found.get("name") or found.get("group_nickname") or ""),
        unionid=str(found.get("unionid") or ""),
        joined_at=moment(found.get("join_time")),
        join_scene=int(found.get("join_scene") or 0),
        state=str(found.get("state") or ""),
    )
