"""What each call makes of WeCom's answer; shapes as in `answers.py`, which names their sources."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from tests.wecom.gateway.answers import CHEN, FILE, GROUP, KF, WU, T
from tests.wecom.gateway.calls import CALLS
from tests.wecom.gateway.wellwecom import Well
from wecom import gateway as g
from wecom.gateway import gateway_of

AT = datetime.fromtimestamp(T, UTC)
D1, D2 = date(2025, 12, 29), date(2025, 12, 30)
COUNTS = g.GroupCounts(2, 3, 1, 4, 60, 12, 90)
LIN_CARD = g.StaffCard("linxiao", "林晓", (2, 5), 2, "导购", "active")
TAGS = g.TagGroup("etGroup1", "等级", 2, False, (g.Tag("etTag1", "金卡", 1, False),))
WAITING = g.TransferResult(CHEN, "waiting", datetime(2025, 12, 30, 9, 20, tzinfo=UTC))
AGREED = [g.Agreement("linxiao", CHEN, "agreed", AT)]
RULES = g.RuleGroup(1, 0, "门店", ("zhouning",), ("join_room", "view_customer_list"))
SCARF = g.Product("prod1", "SCARF1", "羊绒围巾", 129900, AT, ("m1",))
URL = "https://work.weixin.qq.com/ca/cawcdeL1"

EXPECTED: dict[str, Any] = {
    "departments": [g.Department(1, "总部", 0, 100), g.Department(2, "国贸店", 1, 99)],
    "department_places": [g.Department(2, "", 1, 99)],
    "members_of": [LIN_CARD],
    "names_of": [g.StaffName("linxiao", "林晓", (2,))],
    "staff": LIN_CARD,
    "visible_range": g.VisibleRange(("linxiao",), (1,), False),
    "guides_with_contacts": ["linxiao", "zhouning"],
    "member_details": g.MemberDetails("linxiao", "13900000000", "", "", ""),
    "member_by_code": g.MemberLogin("linxiao", "", "ticket1"),
    "contacts_of": [CHEN, WU],
    "tag_groups": [TAGS],
    "create_tags": TAGS,
    "contact_way_ids": (["c1"], ""),
    "contact_way": g.ContactWayCard(
        "c1", "poster_7", "门口", ("linxiao",), (2,), True, "http://p.qpic.cn/c1"
    ),
    "create_join_way": g.JoinWay("j1", "http://p.qpic.cn/j1"),
    "join_way": g.JoinWayCard(
        "j1", (GROUP,), "door", "http://p.qpic.cn/j1", "门口", True, "会员群", 10
    ),
    "group_page": g.GroupPage((g.GroupLine(GROUP, "normal"), g.GroupLine("wr2", "owner_left")), ""),
    "chat_id_of": GROUP,
    "create_group_welcome": "w1",
    "transfer_customers": [g.TransferRow(CHEN, 0), g.TransferRow(WU, 40128)],
    "transfer_results": g.TransferPage((WAITING,), ""),
    "unassigned": g.UnassignedPage((g.Unassigned("linxiao", CHEN, AT),), "page2"),
    "transfer_groups": [g.GroupRefusal(GROUP, 90500, "no")],
    "guide_behaviour": [
        g.BehaviourDay(D1, 100, 80, 0.6025, 1.0, 1, 6, 5),
        g.BehaviourDay(D2, 0, 0, None, None, 0, 0, 0),
    ],
    "group_statistics": [g.GroupFigures("linxiao", COUNTS)],
    "group_statistics_by_day": [g.GroupDay(D1, COUNTS)],
    "send_app_card": g.AppMessageReceipt("am1", ("nobody", "gone"), "rc1"),
    "update_card": ["nobody"],
    "upload_picture": "http://p.qpic.cn/pic_wework/1",
    "upload_attachment": "m2",
    "fetched": g.FetchJob("done", "m3", 0, "ok"),
    "media": FILE,
    "create_moment": "job2",
    "moment_job": g.MomentJob("done", "mom1", 0, "ok", ("zhouning",), (3,), ("etGone",)),
    "moments_between": [
        g.Moment(
            "mom1", "linxiao", AT, True, True, "上新", ("p1",), "v1", "看", "https://example.com"
        )
    ],
    "moment_tasks": [g.MomentTask("linxiao", True)],
    "moment_audience": [CHEN],
    "moment_viewers": [CHEN],
    "moment_comments": g.MomentReactions(
        (g.MomentReaction(CHEN, False, AT),), (g.MomentReaction("zhouning", True, AT),)
    ),
    "answer_kf_event": "km4",
    "move_kf_session": "mc1",
    "kf_customers": [
        g.KfCustomer(
            CHEN, "陈静", "http://wx.qlogo.cn/0", "oChen0000000000000000000001", "door", "a1"
        )
    ],
    "kf_accounts": [g.KfAccount(KF, "在线客服", "", True)],
    "kf_servicers": [g.KfServicer("linxiao", 0, True), g.KfServicer("", 2, True)],
    "add_kf_servicers": [g.KfServicerRefusal("nobody", 0, 60111, "userid not found")],
    "remove_kf_servicers": [],
    "kf_upgrade_range": g.KfUpgradeRange(("linxiao",), (2,), (GROUP,)),
    "kf_statistics": [g.KfDay(D1, 2, 1, 6, 0, 1, 0.5, 0.0, 1)],
    "kf_servicer_statistics": [g.KfServicerDay(D1, 1, 1, 6, 1.0, 17.0, 0.75, 1)],
    "kf_knowledge_groups": [g.KfKnowledgeGroup("kg1", "默认", True)],
    "kf_knowledge": [g.KfKnowledge("ki1", "kg1", "几点关门", ("营业时间",), "22 点")],
    "permit_users": ["linxiao"],
    "single_agreements": AGREED,
    "room_agreements": AGREED,
    "archived_media": FILE,
    "keyword_hits": g.HitPage(
        (
            g.HitMessage(
                "a1_external", CHEN, False, ("linxiao",), "", AT, (g.HitRule("kr1", "退款"),)
            ),
        ),
        "c1",
        True,
    ),
    "staff_group": g.StaffGroup("staff1", "店长群", "linxiao", ("linxiao", "zhouning")),
    "openid_of": "oPay1",
    "external_userid_of_unionid": g.UnionidMatch(CHEN, ""),
    "convert_temporary_ids": [
        g.ConvertedId("tmp1", CHEN, "", ""),
        g.ConvertedId("tmp2", "", "wwOther", "peer"),
    ],
    "userids_of_open": {"open1": "linxiao"},
    "acquisition_links": ["cawcdeL1"],
    "acquisition_link": g.AcquisitionLink("cawcdeL1", "春季", URL, AT, True, ("linxiao",), (2,)),
    "acquisition_customers": g.AcquisitionPage(
        (g.AcquisitionCustomer(CHEN, "linxiao", "spoke", "spring"),), ""
    ),
    "acquisition_chat": g.AcquisitionChat("linxiao", CHEN, 3, "cawcdeL1", "spring"),
    "acquisition_quota": g.AcquisitionQuota(1000, 400, (g.AcquisitionLot(400, D2),)),
    "acquisition_figures": g.AcquisitionFigures(40, 12),
    "products": g.ProductPage((SCARF,), ""),
    "product": SCARF,
    "watched_words_rules": ["r1"],
    "watched_words": g.WatchedWords(
        "r1", "私单", ("转账",), ("phone", "red_packet"), False, ("linxiao",), (2,), None
    ),
    "rule_group_ids": [1, 7],
    "rule_group": RULES,
    "rule_group/moments": RULES,
    "rule_group_range": g.RuleGroupRange(("linxiao",), (2,)),
}


def test_every_answer_becomes_words_of_ours(well: Well) -> None:
    found = {name: CALLS[name](gateway_of()) for name in EXPECTED}
    assert found == EXPECTED


def test_one_row_for_each_pair(well: Well) -> None:
    page = CALLS["contact_pairs"](gateway_of())
    (pair,) = page.pairs
    assert (pair.external_userid, pair.userid, pair.kind) == (CHEN, "linxiao", "wechat")
    assert (pair.state, pair.add_way, pair.tag_ids) == ("poster_7", 1, ("etTag1",))
    assert (pair.since, pair.mobiles, page.next_cursor) == (AT, ("13800000000",), "page2")


def test_a_guide_without_customers_is_an_empty_page(well: Well) -> None:
    well.answers["externalcontact/batch/get_by_user"] = {"errcode": 84061, "errmsg": "not"}
    assert CALLS["contact_pairs"](gateway_of()) == g.ContactPairPage((), "")


def test_numbers_that_nobody_knows_raise_nothing(well: Well) -> None:
    well.answers["user/get"]["status"] = 99
    assert gateway_of().staff("linxiao").state == "active"
    well.answers["externalcontact/transfer_result"]["customer"][0]["status"] = 99
    assert gateway_of().transfer_results("a", "b").rows[0].state == "waiting"
    well.answers["externalcontact/groupchat/list"]["group_chat_list"][0]["status"] = 99
    assert gateway_of().group_page().rows[0].status == "normal"
    follower = well.answers["externalcontact/get"]["follow_user"][0]
    follower["add_way"] = 20_001
    assert gateway_of().contact(CHEN).followers[0].add_way == 20_001


@pytest.mark.parametrize("absent", ["missing", "null", "empty text"])
def test_what_is_absent_is_filled(well: Well, absent: str) -> None:
    row: dict[str, Any] = {"external_userid": CHEN, "status": 1}
    if absent != "missing":
        row["takeover_time"] = {"null": None, "empty text": ""}[absent]
    well.answers["externalcontact/transfer_result"] = {"customer": [row]}
    (found,) = gateway_of().transfer_results("a", "b").rows
    assert found == g.TransferResult(CHEN, "done", None)
    well.answers["externalcontact/groupchat/get"] = {"group_chat": {"chat_id": GROUP}}
    assert gateway_of().group(GROUP).members == ()


def test_a_list_ends_at_a_cursor_given_before(well: Well) -> None:
    cursors = iter(["a", "b", "a", "c"])
    well.server.answers["externalcontact/get_moment_task"] = lambda it: it.say(
        task_list=[{"userid": "linxiao", "publish_status": 0}], next_cursor=next(cursors)
    )
    assert len(gateway_of().moment_tasks("mom1")) == 3


def test_figures_of_many_owners_are_followed_by_offset(well: Well) -> None:
    def page(exchange: Any) -> None:
        row = {"owner": f"guide{exchange.number}", "data": {}}
        exchange.say(total=2, next_offset=exchange.number, items=[row])

    well.server.answers["externalcontact/groupchat/statistic"] = page
    found = gateway_of().group_statistics(["guide1", "guide2"], since=D1, until=D2)
    assert [one.owner_userid for one in found] == ["guide1", "guide2"]


def test_a_text_that_no_database_holds_is_mended(well: Well) -> None:
    contact = well.answers["externalcontact/get"]["external_contact"]
    contact["name"] = "陈\0静\ud83d"
    assert gateway_of().contact(CHEN).name == "陈静?"


def test_a_join_code_that_was_made_is_never_an_error(well: Well) -> None:
    well.answers["externalcontact/groupchat/get_join_way"] = {"errcode": 45009, "errmsg": "later"}
    assert gateway_of().create_join_way([GROUP], "door") == g.JoinWay("j1", "")
