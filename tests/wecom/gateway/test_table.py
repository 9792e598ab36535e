"""The list of endpoints, the table in the documents and the gateway's calls are one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.wecom.gateway.calls import CALLS
from tests.wecom.gateway.wellwecom import Well
from wecom.gateway import Gateway, gateway_of

TABLE = Path(__file__).parents[3] / "docs" / "wecom-api.md"
# The endpoint list of the design, tiers A and B; of C what the product's rooms will use.
TIER_A = """
gettoken getcallbackip department/list department/simplelist user/simplelist user/list user/get
agent/get auth/getuserinfo auth/getuserdetail get_jsapi_ticket ticket/get
externalcontact/get_follow_user_list externalcontact/list externalcontact/get
externalcontact/batch/get_by_user externalcontact/remark externalcontact/add_contact_way
externalcontact/get_contact_way externalcontact/list_contact_way
externalcontact/update_contact_way externalcontact/del_contact_way
externalcontact/send_welcome_msg externalcontact/get_corp_tag_list externalcontact/add_corp_tag
externalcontact/edit_corp_tag externalcontact/del_corp_tag externalcontact/mark_tag
externalcontact/groupchat/list externalcontact/groupchat/get
externalcontact/groupchat/add_join_way externalcontact/groupchat/get_join_way
externalcontact/groupchat/update_join_way externalcontact/groupchat/del_join_way
externalcontact/opengid_to_chatid externalcontact/group_welcome_template/add
externalcontact/group_welcome_template/edit externalcontact/group_welcome_template/get
externalcontact/group_welcome_template/del externalcontact/add_msg_template
externalcontact/get_groupmsg_list_v2 externalcontact/get_groupmsg_task
externalcontact/get_groupmsg_send_result externalcontact/remind_groupmsg_send
externalcontact/cancel_groupmsg_send externalcontact/get_user_behavior_data
externalcontact/groupchat/statistic externalcontact/groupchat/statistic_group_by_day
media/upload media/uploadimg media/get message/send message/recall message/update_template_card
"""
TIER_B = """
externalcontact/add_moment_task externalcontact/get_moment_task_result
externalcontact/get_moment_list externalcontact/get_moment_task
externalcontact/get_moment_customer_list externalcontact/get_moment_send_result
externalcontact/get_moment_comments media/upload_attachment externalcontact/transfer_customer
externalcontact/transfer_result externalcontact/resigned/transfer_customer
externalcontact/resigned/transfer_result externalcontact/groupchat/transfer
externalcontact/groupchat/onjob_transfer externalcontact/get_unassigned_list
kf/account/list kf/account/add kf/account/update kf/account/del kf/add_contact_way
kf/servicer/add kf/servicer/del kf/servicer/list kf/sync_msg kf/send_msg kf/send_msg_on_event
kf/service_state/get kf/service_state/trans kf/customer/batchget
kf/customer/get_upgrade_service_config kf/customer/upgrade_service
kf/customer/cancel_upgrade_service kf/get_corp_statistic kf/get_servicer_statistic
kf/knowledge/add_group kf/knowledge/del_group kf/knowledge/mod_group kf/knowledge/list_group
kf/knowledge/add_intent kf/knowledge/del_intent kf/knowledge/mod_intent
kf/knowledge/list_intent appchat/create appchat/update appchat/get appchat/send webhook/send
webhook/upload_media aibot/response externalcontact/contact_list
externalcontact/convert_to_openid idconvert/unionid_to_external_userid
idconvert/convert_tmp_external_userid
"""
TIER_C = """
externalcontact/customer_strategy/list externalcontact/customer_strategy/get
externalcontact/customer_strategy/get_range externalcontact/moment_strategy/list
externalcontact/moment_strategy/get externalcontact/moment_strategy/get_range
externalcontact/get_strategy_tag_list externalcontact/customer_acquisition/list_link
externalcontact/customer_acquisition/get externalcontact/customer_acquisition/create_link
externalcontact/customer_acquisition/update_link externalcontact/customer_acquisition/delete_link
externalcontact/customer_acquisition/customer externalcontact/customer_acquisition/get_chat_info
externalcontact/customer_acquisition_quota externalcontact/customer_acquisition/statistic
externalcontact/add_product_album externalcontact/get_product_album
externalcontact/get_product_album_list externalcontact/update_product_album
externalcontact/delete_product_album externalcontact/add_intercept_rule
externalcontact/get_intercept_rule_list externalcontact/get_intercept_rule
externalcontact/update_intercept_rule externalcontact/del_intercept_rule
msgaudit/get_permit_user_list msgaudit/check_single_agree msgaudit/check_room_agree
"""


def _public_calls() -> set[str]:
    return {
        name
        for name in dir(Gateway)
        if not name.startswith("_") and callable(getattr(Gateway, name))
    }


def _rows() -> dict[str, list[str]]:
    """By call: the paths of its row."""
    found: dict[str, list[str]] = {}
    for line in TABLE.read_text().splitlines():
        cells = [cell.strip() for cell in line.split("|")[1:-1]]
        if len(cells) == 5 and (name := re.fullmatch(r"`(\w+)`", cells[0])):
            assert name[1] not in found, f"{name[1]} stands twice"
            found[name[1]] = re.findall(r"`([\w/]+)`", cells[1])
    return found


@pytest.fixture
def asked(well: Well) -> dict[str, list[str]]:
    """By call: the paths it really asked."""
    found: dict[str, list[str]] = {}
    for name, call in CALLS.items():
        first = len(well.server.heard)
        call(gateway_of())
        apis = found.setdefault(name.partition("/")[0], [])
        for one in well.server.heard[first:]:
            if one.api not in apis and one.api != "gettoken":
                apis.append(one.api)
    found["gettoken"] = ["gettoken"] if well.server.count("gettoken") else []
    return found


def test_every_call_is_made_once_here() -> None:
    assert {name.partition("/")[0] for name in CALLS} == _public_calls()


def test_every_endpoint_of_the_list_is_asked(asked: dict[str, list[str]]) -> None:
    known = {api for apis in asked.values() for api in apis}
    assert set((TIER_A + TIER_B + TIER_C).split()) - known == set()


def test_the_table_says_what_is_asked(asked: dict[str, list[str]]) -> None:
    asked.pop("gettoken")
    assert _rows() == asked
