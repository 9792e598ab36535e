"""People, tags, codes, groups, hand-over and figures: the gateway against the sandbox process."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from tests.sandbox import CHEN, GROUP, MAIN_AGENT, WU, Sandbox
from wecom.gateway import GroupLine, GroupRefusal, GroupUnknown, TransferRow, gateway_of
from wecom.gateway.answers import SHANGHAI
from wecom.gateway.errors import AskedWrongly, Gone, GuideNotUsable, NotFriends, NotOurs

DAY = 86_400


def test_departments_and_who_stands_in_them(wecom: Sandbox) -> None:
    gateway = gateway_of()
    assert [(one.id, one.name, one.parent_id) for one in gateway.departments()] == [
        (1, "总部", 0),
        (2, "国贸店", 1),
    ]
    assert {one.id for one in gateway.department_places()} == {1, 2}
    assert {(one.userid, one.name, one.state) for one in gateway.members_of(2)} == {
        ("linxiao", "林晓", "active"),
        ("zhouning", "周宁", "active"),
    }
    assert {one.userid for one in gateway.names_of(2)} == {"linxiao", "zhouning"}
    assert set(gateway.guides_with_contacts()) == {"linxiao", "zhouning"}
    assert gateway.visible_range().department_ids == (1,)
    with pytest.raises(Gone):
        gateway.members_of(99)


def test_a_guide_who_moves_and_one_who_leaves(wecom: Sandbox) -> None:
    wecom.act("create_department", id=3, name="三里屯店", parentid=1)
    wecom.act("edit_member", userid="LinXiao", department=[3], position="店长")
    card = gateway_of().staff("LINXIAO")
    assert (card.userid, card.department_ids, card.position) == ("linxiao", (3,), "店长")
    wecom.act("disable_member", userid="zhouning")
    assert gateway_of().staff("zhouning").state == "disabled"
    wecom.act("resign_member", userid="LinXiao")
    with pytest.raises(GuideNotUsable) as caught:
        gateway_of().staff("linxiao")
    assert "离职" in caught.value.advice
    assert caught.value.hint


def test_pairs_of_a_guide_and_a_customer(wecom: Sandbox) -> None:
    gateway = gateway_of()
    gateway.update_remark("linxiao", CHEN, remark="陈小姐", mobiles=["13800000000"])
    group = gateway.create_tags(["金卡"], group_name="等级")
    gateway.mark_tags("linxiao", CHEN, add=[group.tags[0].id])
    (pair,) = gateway.contact_pairs(["linxiao"]).pairs
    assert (pair.external_userid, pair.userid, pair.remark) == (CHEN, "linxiao", "陈小姐")
    assert (pair.tag_ids, pair.mobiles) == ((group.tags[0].id,), ("13800000000",))
    assert gateway.contact(CHEN).followers[0].tag_ids == pair.tag_ids
    gateway.update_remark("linxiao", CHEN, mobiles=[])
    assert gateway.contact_pairs(["linxiao"]).pairs[0].mobiles == ()
    assert gateway.contact_pairs(["zhouning"]).pairs == ()
    with pytest.raises(NotFriends):
        gateway.update_remark("zhouning", CHEN, remark="陈")


def test_a_half_friend_is_no_friend_yet(wecom: Sandbox) -> None:
    wecom.act("add_half", userid="zhouning", customer=WU)
    with pytest.raises(NotFriends):
        gateway_of().update_remark("zhouning", WU, remark="吴")
    wecom.act("add_back", userid="zhouning", customer=WU)
    gateway_of().update_remark("zhouning", WU, remark="吴")


def test_tags_are_made_renamed_and_removed(wecom: Sandbox) -> None:
    gateway = gateway_of()
    made = gateway.create_tags(["金卡", "银卡"], group_name="等级")
    assert {one.name for one in made.tags} == {"金卡", "银卡"}
    gold = next(one for one in made.tags if one.name == "金卡")
    gateway.rename_tag(gold.id, "铂金")
    (found,) = gateway.tag_groups(group_ids=[made.id])
    assert {one.name for one in found.tags} == {"铂金", "银卡"}
    gateway.delete_tags(tag_ids=[gold.id])
    assert {one.name for one in gateway.tag_groups()[0].tags} == {"银卡"}
    with pytest.raises(Gone):
        gateway.mark_tags("linxiao", CHEN, add=["etNobody000000000000000000000000"])


def test_a_tag_of_the_console_is_not_ours(wecom: Sandbox) -> None:
    made = wecom.act("create_tag", group_name="区域", name="华北")
    with pytest.raises(NotOurs) as caught:
        gateway_of().rename_tag(made["id"], "华东")
    assert "管理后台" in caught.value.advice


def test_a_code_is_changed_and_dies(wecom: Sandbox) -> None:
    gateway = gateway_of()
    before = timezone.now() - timedelta(minutes=1)
    made = gateway.create_contact_way("linxiao", "door", "门口")
    gateway.update_contact_way(made.config_id, userids=["zhouning"], state="window")
    card = gateway.contact_way(made.config_id)
    assert (card.userids, card.state, card.remark) == (("zhouning",), "window", "门口")
    assert gateway.contact_way_ids(before) == ([made.config_id], "")
    gateway.delete_contact_way(made.config_id)
    with pytest.raises(Gone):
        gateway.contact_way(made.config_id)


def test_a_code_into_groups_is_replaced(wecom: Sandbox) -> None:
    gateway = gateway_of()
    made = gateway.create_join_way([GROUP], "door", room_base_name="会员群", room_base_id=3)
    gateway.update_join_way(made.config_id, chat_ids=[GROUP], state="window")
    card = gateway.join_way(made.config_id)
    assert (card.chat_ids, card.state, card.opens_more) == ((GROUP,), "window", True)
    assert card.qr_code_url == made.qr_code_url
    gateway.delete_join_way(made.config_id)


def test_groups_by_whether_their_owner_left(wecom: Sandbox) -> None:
    gateway = gateway_of()
    wecom.act("join_group", customer="zhouning", chat_id=GROUP)
    wecom.act("set_group_admins", chat_id=GROUP, admins=["zhouning"])
    wecom.post("clock", advance_seconds=5)
    assert gateway.group(GROUP).admin_userids == ("zhouning",)
    assert gateway.group_page().rows == (GroupLine(GROUP, "normal"),)
    assert gateway.group_page(status="owner_left").rows == ()
    wecom.act("resign_member", userid="LinXiao")
    assert gateway.group_page(status="owner_left").rows == (GroupLine(GROUP, "owner_left"),)
    with pytest.raises(GroupUnknown):
        gateway.chat_id_of("gidNobody")


def test_a_greeting_is_kept_and_bound_by_the_owner(wecom: Sandbox) -> None:
    gateway = gateway_of()
    link = {"kind": "link", "title": "周末", "url": "https://example.com"}
    made = gateway.create_group_welcome("您好，%NICKNAME%", [link])
    wecom.act("apply_group_welcome", chat_id=GROUP, template_id=made)
    gateway.update_group_welcome(made, "欢迎，%NICKNAME%")
    found = gateway.group_welcome(made)
    assert (found.text, found.id) == ("欢迎，%NICKNAME%", made)
    gateway.delete_group_welcome(made)


def test_a_customer_goes_over_after_a_day(wecom: Sandbox) -> None:
    gateway = gateway_of()
    rows = gateway.transfer_customers("linxiao", "zhouning", [CHEN, WU], message="换了同事")
    assert rows[0] == TransferRow(CHEN, 0)
    assert (rows[1].external_userid, rows[1].code != 0) == (WU, True)
    (waiting,) = gateway.transfer_results("linxiao", "zhouning").rows
    assert (waiting.external_userid, waiting.state) == (CHEN, "waiting")
    assert waiting.takes_effect_at is not None
    wecom.post("clock", advance_seconds=DAY + 60)
    (done,) = gateway.transfer_results("linxiao", "zhouning").rows
    assert done.state == "done"
    assert gateway.contacts_of("zhouning") == [CHEN]


def test_a_customer_refuses(wecom: Sandbox) -> None:
    gateway_of().transfer_customers("linxiao", "zhouning", [CHEN])
    wecom.act("refuse_transfer", customer=CHEN, takeover="zhouning")
    (row,) = gateway_of().transfer_results("linxiao", "zhouning").rows
    assert row.state == "refused"


def test_what_a_guide_who_left_leaves_behind(wecom: Sandbox) -> None:
    gateway = gateway_of()
    assert gateway.unassigned().rows == ()
    refused = gateway.transfer_groups([GROUP], "zhouning", has_resigned=True)
    assert [(one.chat_id, one.code) for one in refused] == [(GROUP, 90500)]
    wecom.act("resign_member", userid="LinXiao")
    (left,) = gateway.unassigned().rows
    assert (left.handover_userid, left.external_userid) == ("linxiao", CHEN)
    assert gateway.transfer_groups([GROUP], "zhouning", has_resigned=True) == []
    gone: list[GroupRefusal] = gateway.transfer_groups([GROUP], "zhouning", has_resigned=True)
    assert gone[0].code in {90504, 90508, 90500}
    assert gateway.transfer_customers("linxiao", "zhouning", [CHEN], has_resigned=True) == [
        TransferRow(CHEN, 0)
    ]


def test_figures_of_yesterday(wecom: Sandbox) -> None:
    gateway = gateway_of()
    wecom.act("chat", **{"from": CHEN, "to": "LinXiao", "text": "在吗"})
    now = wecom.get("clock")["now"]
    today = datetime.fromtimestamp(float(now), SHANGHAI).date()
    wecom.post("clock", advance_seconds=DAY + DAY // 2)
    (day,) = gateway.guide_behaviour(["linxiao"], since=today, until=today)
    assert (day.on, day.messages >= 0, day.lost) == (today, True, 0)
    (figures,) = gateway.group_statistics(["linxiao"], since=today, until=today)
    assert (figures.owner_userid, figures.counts.chats) == ("linxiao", 1)
    days = gateway.group_statistics_by_day(["linxiao"], since=today, until=today)
    assert [one.on for one in days] == [today]
    old = today - timedelta(days=400)
    with pytest.raises(AskedWrongly):
        gateway.guide_behaviour(["linxiao"], since=old, until=old)


def test_keys_of_one_person(wecom: Sandbox) -> None:
    gateway = gateway_of()
    openid = gateway.openid_of(CHEN)
    found = gateway.external_userid_of_unionid("oChen0000000000000000000001", openid)
    assert found.external_userid == CHEN
    served = gateway.served_contacts()
    mine = next(one for one in served.rows if one.external_userid == CHEN)
    assert (mine.is_contact, mine.userid) == (True, "linxiao")
    assert gateway.agent_id == MAIN_AGENT
    assert gateway.callback_addresses()
    assert gateway.api_addresses()
