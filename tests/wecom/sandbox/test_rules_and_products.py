"""Rule groups, product albums, rules against words."""

from __future__ import annotations

from typing import Any

import pytest

from tests.wecom.sandbox.test_moments import attach
from tests.wecom.sandbox.world import CHEN, GROUP, LIN, MA, OTHER_SECRET, ZHOU, Api

PATH = "externalcontact"


def strategy(api: Api, kind: str = "customer", **more: Any) -> dict[str, Any]:
    body = {
        "strategy_name": "一店",
        "admin_list": [LIN],
        "privilege": {"send_customer_msg": True, "contact_me": False},
        "range": [{"type": 1, "userid": ZHOU}, {"type": 2, "partyid": 2}],
    }
    return api.post(f"{PATH}/{kind}_strategy/create", body | more)


@pytest.mark.parametrize("kind", ["customer", "moment"])
def test_rule_groups_are_made_read_and_deleted(api: Api, kind: str) -> None:
    number = strategy(api, kind)["strategy_id"]
    path, named = f"{PATH}/{kind}_strategy", {"strategy_id": number}
    assert api.post(f"{path}/list")["strategy"] == [{"strategy_id": number}]
    got = api.post(f"{path}/get", named)["strategy"]
    assert (got["strategy_name"], got["admin_list"], got["parent_id"]) == ("一店", [LIN], 0)
    if kind == "customer":
        # The basic rights cannot be taken away.
        assert got["privilege"]["send_customer_msg"]
        assert got["privilege"]["contact_me"]
        assert not got["privilege"]["share_customer"]
    page = api.post(f"{path}/get_range", named | {"limit": 1})
    assert page["range"] == [{"type": 1, "userid": ZHOU}]
    rest = api.post(f"{path}/get_range", named | {"cursor": page["next_cursor"]})
    assert rest["range"] == [{"type": 2, "partyid": 2}]
    change = {"range_add": [{"type": 1, "userid": MA}], "range_del": [{"type": 1, "userid": ZHOU}]}
    assert api.post(f"{path}/edit", named | change | {"strategy_name": "店一"})["errcode"] == 0
    assert api.post(f"{path}/get_range", named)["range"][0]["userid"] == MA
    below = strategy(api, kind, parent_id=number, range=[{"type": 2, "partyid": 2}])
    assert api.post(f"{path}/del", named)["errcode"] == 0
    gone = api.post(f"{path}/get", {"strategy_id": below["strategy_id"]})
    assert gone["errcode"] == 40058


def test_rule_groups_are_checked(api: Api) -> None:
    assert strategy(api, admin_list=[])["errcode"] == 40063
    assert strategy(api, admin_list=[LIN] * 21)["errcode"] == 40058
    assert strategy(api, parent_id=99)["errcode"] == 40058
    assert strategy(api, range=[{"type": 2, "partyid": 99}])["errcode"] == 60003
    assert strategy(api, range=[{"type": 1, "userid": "nobody"}])["errcode"] == 60111
    parent = strategy(api)["strategy_id"]
    outside = [{"type": 1, "userid": MA}]
    assert strategy(api, parent_id=parent, range=outside)["errcode"] == 40058


def product(api: Api, **more: Any) -> dict[str, Any]:
    media_id = attach(api, scene="2")["media_id"]
    picture = {"type": "image", "image": {"media_id": media_id}}
    body = {
        "description": "羊毛大衣",
        "price": 129900,
        "product_sn": "C1",
        "attachments": [picture],
    }
    return api.post(f"{PATH}/add_product_album", body | more)


def test_products_come_and_go(api: Api) -> None:
    product_id = product(api)["product_id"]
    named = {"product_id": product_id}
    change = named | {"price": 99900}
    assert api.post(f"{PATH}/update_product_album", change)["errcode"] == 0
    got = api.post(f"{PATH}/get_product_album", named)["product"]
    assert (got["description"], got["price"], got["product_sn"]) == ("羊毛大衣", 99900, "C1")
    listed = api.post(f"{PATH}/get_product_album_list", {"limit": 1})
    assert [each["product_id"] for each in listed["product_list"]] == [product_id]
    assert api.post(f"{PATH}/delete_product_album", named)["errcode"] == 0
    assert api.post(f"{PATH}/get_product_album", named)["errcode"] == 41074
    assert api.post(f"{PATH}/get_product_album")["errcode"] == 41073


def test_products_are_checked(api: Api) -> None:
    moment = {"type": "image", "image": {"media_id": attach(api)["media_id"]}}
    for more, errcode in (
        ({"description": "字" * 301}, 41085),
        ({"price": 5_000_001}, 41075),
        ({"price": None}, 41075),
        ({"product_sn": "有中文"}, 41086),
        ({"attachments": []}, 41087),
        ({"attachments": [moment]}, 41072),
    ):
        assert product(api, **more)["errcode"] == errcode, more


def rule(api: Api, **more: Any) -> dict[str, Any]:
    body = {
        "rule_name": "竞品",
        "word_list": ["加我微信"],
        "semantics_list": [1],
        "intercept_type": 1,
        "applicable_range": {"user_list": [LIN]},
    }
    return api.post(f"{PATH}/add_intercept_rule", body | more)


def test_words_are_blocked_in_the_members_client(api: Api) -> None:
    api.befriend()
    api.befriend(ZHOU)
    rule_id = rule(api)["rule_id"]
    said = {"from": LIN, "to": CHEN}
    assert "加我微信" in api.refused("chat", **said, text="加我微信吧")
    assert "竞品" in api.refused("chat", **said, text="打 13800000000")
    assert "加我微信" in api.refused("chat", **{"from": LIN, "chat_id": GROUP}, text="加我微信")
    api.act("chat", **{"from": ZHOU, "to": CHEN}, text="加我微信吧")
    api.act("chat", **{"from": CHEN, "to": LIN}, text="加我微信吧")
    warn = {"rule_id": rule_id, "intercept_type": 2, "extra_rule": {"semantics_list": [3]}}
    assert api.post(f"{PATH}/update_intercept_rule", warn)["errcode"] == 0
    api.act("chat", **said, text="加我微信吧")


def test_rules_against_words_are_kept_by_application(api: Api) -> None:
    rule_id = rule(api)["rule_id"]
    named = {"rule_id": rule_id}
    got = api.post(f"{PATH}/get_intercept_rule", named)["rule"]
    assert (got["word_list"], got["extra_rule"]) == (["加我微信"], {"semantics_list": [1]})
    assert api.post(f"{PATH}/get_intercept_rule_list")["rule_list"][0]["rule_id"] == rule_id
    foreign = api.post(f"{PATH}/get_intercept_rule", named, secret=OTHER_SECRET)
    assert foreign["errcode"] == 41068
    come = {"add_applicable_range": {"user_list": [ZHOU]}}
    go = {"remove_applicable_range": {"user_list": [LIN]}}
    assert api.post(f"{PATH}/update_intercept_rule", named | come | go)["errcode"] == 0
    got = api.post(f"{PATH}/get_intercept_rule", named)["rule"]
    assert got["applicable_range"]["user_list"] == [ZHOU]
    assert api.post(f"{PATH}/del_intercept_rule", named)["errcode"] == 0
    assert api.post(f"{PATH}/get_intercept_rule", named)["errcode"] == 41068
    assert rule(api, applicable_range={})["errcode"] == 41077
    assert rule(api, word_list=["字" * 33])["errcode"] == 41069
    assert rule(api, rule_name="")["errcode"] == 41076
