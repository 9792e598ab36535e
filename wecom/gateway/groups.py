"""Calls about customer groups: which there are, who stands in them, what greets who joins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from wecom.gateway.answers import Answer
from wecom.gateway.attachments import Attachment, content_of, wecom_attachment
from wecom.gateway.bounds import Bounds
from wecom.gateway.chapters import Chapter
from wecom.gateway.types import GroupCard, GroupLine, GroupPage, GroupPerson, GroupWelcome
from wecom.gateway.types.groups import GroupStatus

_STATUSES: Final[dict[int, GroupStatus]] = {
    0: "normal",
    1: "owner_left",
    2: "inheriting",
    3: "inherited",
}
_FILTERS: Final = {"all": 0, "owner_left": 1, "inheriting": 2, "inherited": 3}
# WeCom takes one of these for a group's welcome, in this order (document 92366).
_WELCOME_KINDS: Final = ("image", "link", "miniprogram", "file", "video")


class GroupCalls(Chapter):
    """Reading groups; no program makes one, speaks in one, or changes who is in it."""

    def group(self, chat_id: str) -> GroupCard:
        """The group as it stands; up to two seconds behind the event. Raises GroupUnknown."""
        asked = {"chat_id": chat_id, "need_name": 1}
        found = self._ask("externalcontact/groupchat/get", asked).part("group_chat")
        return GroupCard(
            chat_id=found.key("chat_id"),
            name=found.text("name"),
            owner_userid=found.text("owner").lower(),
            created_at=found.at("create_time"),
            member_version=found.text("member_version"),
            members=found.rows("member_list", _person),
            notice=found.text("notice"),
            admin_userids=found.rows("admin_list", lambda row: row.userid("userid")),
        )

    def group_ids(self, owner_userids: Sequence[str]) -> list[str]:
        """The groups of these owners, asked a hundred owners at a time."""
        ids: list[str] = []
        for start in range(0, len(owner_userids), 100):
            asked = _owners(owner_userids[start : start + 100])
            for page in self._pages("externalcontact/groupchat/list", asked):
                ids += page.rows("group_chat_list", lambda row: row.key("chat_id"))
        return ids

    def group_page(
        self, owner_userids: Sequence[str] = (), *, status: str = "all", cursor: str = ""
    ) -> GroupPage:
        """Some groups of up to a hundred owners, or of everybody in range.

        `status` is all, owner_left, inheriting or inherited. Without owners, and with more than a
        thousand people in range, WeCom refuses (81017).
        """
        api = "externalcontact/groupchat/list"
        bounds = Bounds(api)
        bounds.count("群主", owner_userids, 100)
        bounds.one_of("群状态", status, _FILTERS)
        asked = {**_owners(owner_userids), "status_filter": _FILTERS[status], "cursor": cursor}
        page = self._ask(api, asked)
        return GroupPage(page.rows("group_chat_list", _line), page.text("next_cursor"))

    def chat_id_of(self, opengid: str) -> str:
        """The chat id behind the id a mini program sees. Raises GroupUnknown."""
        asked = {"opengid": opengid}
        return self._ask("externalcontact/opengid_to_chatid", asked).key("chat_id")

    def create_group_welcome(
        self, text: str, attachments: Sequence[Attachment] = (), *, notify: bool = True
    ) -> str:
        """A greeting, and its id; an owner binds it to a group in her client. `notify` tells her.

        `%NICKNAME%` becomes the joiner's name. A hundred for each corp (41055).
        """
        api = "externalcontact/group_welcome_template/add"
        asked = {**_welcome(api, text, attachments), "notify": int(notify)}
        return self._change(api, {**asked, "agentid": self.agent_id}).key("template_id")

    def update_group_welcome(
        self, id: str, text: str, attachments: Sequence[Attachment] = ()
    ) -> None:
        """Replace a greeting of this application's; groups bound to it follow at once."""
        api = "externalcontact/group_welcome_template/edit"
        asked = {"template_id": id, **_welcome(api, text, attachments)}
        self._change(api, {**asked, "agentid": self.agent_id})

    def group_welcome(self, id: str) -> GroupWelcome:
        """A greeting as WeCom keeps it."""
        api = "externalcontact/group_welcome_template/get"
        found = self._ask(api, {"template_id": id})
        kinds = [kind for kind in _WELCOME_KINDS if found.has(kind)]
        return GroupWelcome(
            id=id,
            text=found.part("text").text("content"),
            attachments=tuple({"kind": kind, **found.part(kind).raw()} for kind in kinds),
        )

    def delete_group_welcome(self, id: str) -> None:
        """Remove a greeting of this application's; groups bound to it greet no longer."""
        asked = {"template_id": id, "agentid": self.agent_id}
        self._change("externalcontact/group_welcome_template/del", asked)


def _owners(userids: Sequence[str]) -> dict[str, Any]:
    asked: dict[str, Any] = {"status_filter": 0, "limit": 1000}
    return asked | ({"owner_filter": {"userid_list": list(userids)}} if userids else {})


def _welcome(api: str, text: str, attachments: Sequence[Attachment]) -> dict[str, Any]:
    """Text and one attachment, each kind under a name of its own."""
    Bounds(api).count("入群欢迎语附件", attachments, 1)
    asked = content_of(api, text, attachments)
    asked.pop("attachments", None)
    for one in attachments:
        shaped = wecom_attachment(one)
        asked[shaped["msgtype"]] = shaped[shaped["msgtype"]]
    return asked


def _line(row: Answer) -> GroupLine:
    return GroupLine(row.key("chat_id"), row.one_of("status", _STATUSES, "normal"))


def _person(row: Answer) -> GroupPerson:
    is_staff = row.number("type") == 1
    return GroupPerson(
        id=row.userid("userid") if is_staff else row.key("userid"),
        is_staff=is_staff,
        name=row.text("name", "group_nickname"),
        unionid=row.text("unionid"),
        joined_at=row.at("join_time"),
        join_scene=row.number("join_scene"),
        state=row.text("state"),
    )
