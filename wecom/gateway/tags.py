"""Calls about the corp's tags: the groups of tags, and which customer of a guide has one."""

from __future__ import annotations

from collections.abc import Sequence

from wecom.gateway.answers import Answer
from wecom.gateway.bounds import Bounds
from wecom.gateway.chapters import Chapter, given
from wecom.gateway.types import Tag, TagGroup


class TagCalls(Chapter):
    """Tags of the corp. An application changes only those it made itself (document 92117)."""

    def tag_groups(
        self, *, tag_ids: Sequence[str] = (), group_ids: Sequence[str] = ()
    ) -> list[TagGroup]:
        """All groups, or those asked for; of both, WeCom looks at `group_ids` alone."""
        asked = {"tag_id": list(tag_ids), "group_id": list(group_ids)}
        found = self._ask("externalcontact/get_corp_tag_list", asked)
        return list(found.rows("tag_group", _group))

    def create_tags(
        self, names: Sequence[str], *, group_name: str = "", group_id: str = ""
    ) -> TagGroup:
        """New tags in a group, known by id or by name; a name nobody has makes a new group.

        The answer holds the new tags only. A name that exists is refused (40071).
        """
        api = "externalcontact/add_corp_tag"
        bounds = Bounds(api)
        bounds.count("标签", names, 3000, least=1)
        bounds.some("标签组名称与编号", group_name, group_id)
        bounds.characters("标签组名称", group_name, 30)
        for name in names:
            bounds.characters("标签名称", name, 30, least=1)
        group = {"group_id": group_id} if group_id else {"group_name": group_name}
        made = self._change(api, {**group, "tag": [{"name": name} for name in names]})
        return _group(made.part("tag_group"))

    def rename_tag(self, id: str, name: str, order: int | None = None) -> None:
        """Rename a tag or a group; the same name again changes nothing."""
        api = "externalcontact/edit_corp_tag"
        Bounds(api).characters("标签名称", name, 30, least=1)
        self._change(api, {"id": id, "name": name, **given(order=order)})

    def delete_tags(self, *, tag_ids: Sequence[str] = (), group_ids: Sequence[str] = ()) -> None:
        """Delete tags, or groups with theirs; a group goes with its last tag."""
        api = "externalcontact/del_corp_tag"
        Bounds(api).some("要删除的标签与标签组", tag_ids, group_ids)
        self._change(api, {"tag_id": list(tag_ids), "group_id": list(group_ids)})

    def mark_tags(
        self,
        userid: str,
        external_userid: str,
        *,
        add: Sequence[str] = (),
        remove: Sequence[str] = (),
    ) -> None:
        """Put tags on a guide's customer and take others off; repeating changes nothing.

        Five such calls at a time for the whole corp (45033). Raises NotFriends.
        """
        api = "externalcontact/mark_tag"
        Bounds(api).some("要添加与移除的标签", add, remove)
        asked = {"userid": userid, "external_userid": external_userid}
        self._change(api, {**asked, "add_tag": list(add), "remove_tag": list(remove)})

    def strategy_tag_groups(self, strategy_id: int = 0) -> list[TagGroup]:
        """The tags of a rule group (规则组), or of all; read only."""
        asked = {"strategy_id": strategy_id} if strategy_id else {}
        found = self._ask("externalcontact/get_strategy_tag_list", asked)
        return list(found.rows("tag_group", _group))


def _group(row: Answer) -> TagGroup:
    return TagGroup(
        id=row.key("group_id"),
        name=row.text("group_name"),
        order=row.number("order"),
        is_deleted=row.flag("deleted"),
        tags=row.rows("tag", _tag),
    )


def _tag(row: Answer) -> Tag:
    return Tag(
        id=row.key("id"),
        name=row.text("name"),
        order=row.number("order"),
        is_deleted=row.flag("deleted"),
    )
