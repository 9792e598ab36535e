"""Calls about customers: who a contact is, whose friend she is, what is remarked about her."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from wecom.gateway.answers import Answer
from wecom.gateway.bounds import Bounds
from wecom.gateway.chapters import Chapter, given
from wecom.gateway.errors import NotFriends
from wecom.gateway.types import (
    ContactCard,
    ContactPair,
    ContactPairPage,
    Follower,
    ServedContact,
    ServedPage,
)


class ContactCalls(Chapter):
    """Reading contacts and remarking on them."""

    def contact(self, external_userid: str) -> ContactCard:
        """The contact with every follower in range. Raises ContactUnknown, NotFriends."""
        card: Answer | None = None
        followers: list[Follower] = []
        asked = {"external_userid": external_userid}
        for page in self._pages("externalcontact/get", asked, by_query=True):
            card = card or page.part("external_contact")
            followers += page.rows("follow_user", _follower)
        found = card or Answer({}, "externalcontact/get")
        return ContactCard(
            external_userid=found.key("external_userid"),
            name=found.text("name"),
            avatar=found.text("avatar"),
            kind=_kind(found),
            unionid=found.text("unionid"),
            followers=tuple(followers),
        )

    def contacts_of(self, userid: str) -> list[str]:
        """The external ids of a guide's friends; WeCom's error for "none" is an empty list."""
        try:
            return list(self._ask("externalcontact/list", userid=userid).texts("external_userid"))
        except NotFriends:
            return []

    def contact_pairs(self, userids: Sequence[str], cursor: str = "") -> ContactPairPage:
        """Contacts of up to a hundred guides, a page at a time; nobody's friend is no error."""
        api = "externalcontact/batch/get_by_user"
        Bounds(api).count("导购", userids, 100, least=1)
        asked = {"userid_list": list(userids), "cursor": cursor, "limit": 100}
        try:
            page = self._ask(api, asked)
        except NotFriends:
            return ContactPairPage((), "")
        return ContactPairPage(page.rows("external_contact_list", _pair), page.text("next_cursor"))

    def served_contacts(self, cursor: str = "") -> ServedPage:
        """Everybody whom guides have served, in groups too, friends or not (document 99434)."""
        page = self._ask("externalcontact/contact_list", {"cursor": cursor, "limit": 1000})
        return ServedPage(page.rows("info_list", _served), page.text("next_cursor"))

    def update_remark(
        self,
        userid: str,
        external_userid: str,
        *,
        remark: str | None = None,
        description: str | None = None,
        company: str | None = None,
        mobiles: Sequence[str] | None = None,
    ) -> None:
        """Write what this guide notes about her customer; what is None stays.

        `mobiles` replaces all numbers, empty clears them. Raises NotFriends.
        """
        api = "externalcontact/remark"
        bounds = Bounds(api)
        bounds.characters("客户备注", remark, 20)
        bounds.characters("客户描述", description, 150)
        bounds.characters("客户公司备注", company, 20)
        fields: dict[str, Any] = given(
            remark=remark, description=description, remark_company=company
        )
        if mobiles is not None:
            # An empty list counts as not given; one empty number clears (document 92115).
            fields["remark_mobiles"] = list(mobiles) or [""]
        if not fields:
            bounds.refuse("备注、描述、公司、手机号至少填一项")
        self._change(api, {"userid": userid, "external_userid": external_userid, **fields})


def _kind(contact: Answer) -> str:
    return "wechat" if contact.number("type") == 1 else "wecom"


def _follower(row: Answer) -> Follower:
    return Follower(
        userid=row.userid("userid"),
        since=row.at("createtime"),
        state=row.text("state"),
        add_way=row.number("add_way"),
        remark=row.text("remark"),
        description=row.text("description"),
        # A guide's own tags have no id.
        tag_ids=tuple(one for one in row.rows("tags", lambda tag: tag.text("tag_id")) if one),
        mobiles=row.texts("remark_mobiles"),
    )


def _pair(row: Answer) -> ContactPair:
    contact, follow = row.part("external_contact"), row.part("follow_info")
    return ContactPair(
        external_userid=contact.key("external_userid"),
        name=contact.text("name"),
        avatar=contact.text("avatar"),
        kind=_kind(contact),
        unionid=contact.text("unionid"),
        userid=follow.userid("userid"),
        since=follow.at("createtime"),
        state=follow.text("state"),
        add_way=follow.number("add_way"),
        remark=follow.text("remark"),
        tag_ids=follow.texts("tag_id"),
        mobiles=follow.texts("remark_mobiles"),
    )


def _served(row: Answer) -> ServedContact:
    return ServedContact(
        is_contact=row.flag("is_customer"),
        temporary_id=row.text("tmp_openid"),
        external_userid=row.text("external_userid"),
        name=row.text("name"),
        userid=row.text("follow_userid").lower(),
        chat_id=row.text("chat_id"),
        chat_name=row.text("chat_name"),
        since=row.at_or_none("add_time"),
    )
