"""What WeCom answers, API by API: shapes of the documents and of other SDKs, values of our own.

Field names and kinds were compared with the types and test data of xen0n/go-workwx,
wenerme/go-wecom, Wechat-Group/WxJava, shuaidd/wecom-core, shenghui0779/gochat and
JeffreySu/WeiXinMPSDK.
"""

from __future__ import annotations

from typing import Any

from tests.wecom.gateway.answers_beyond import (
    BEYOND,
    CHEN,
    GROUP,
    KF,
    LIN,
    WU,
    ZHOU,
    T,
)

__all__ = ["ANSWERS", "CHEN", "FILE", "GROUP", "KF", "LIN", "WU", "ZHOU", "T"]


_CONTACT = {
    "external_userid": CHEN,
    "name": "陈静",
    "avatar": "http://wx.qlogo.cn/0",
    "type": 1,
    "gender": 2,
    "unionid": "oChen0000000000000000000001",
}
_FOLLOW = {
    "userid": LIN,
    "remark": "陈小姐",
    "description": "VIP",
    "createtime": T,
    "remark_corp_name": "",
    "remark_mobiles": ["13800000000"],
    "oper_userid": LIN,
    "add_way": 1,
    "state": "poster_7",
}
_STAFF = {
    "userid": LIN,
    "name": "林晓",
    "department": [2, 5],
    "order": [1, 0],
    "position": "导购",
    "is_leader_in_dept": [0, 1],
    "direct_leader": [ZHOU],
    "main_department": 2,
    "status": 1,
    "external_profile": {"external_corp_name": "示例品牌"},
}
_TAG_GROUP = {
    "group_id": "etGroup1",
    "group_name": "等级",
    "create_time": T,
    "order": 2,
    "tag": [{"id": "etTag1", "name": "金卡", "create_time": T, "order": 1, "deleted": False}],
}
_COUNTS = {
    "new_chat_cnt": 2,
    "chat_total": 3,
    "chat_has_msg": 1,
    "new_member_cnt": 4,
    "member_total": 60,
    "member_has_msg": 12,
    "msg_total": 90,
    "migrate_trainee_chat_cnt": 0,
}
_TRANSFER_ROWS = {
    "customer": [{"external_userid": CHEN, "errcode": 0}, {"external_userid": WU, "errcode": 40128}]
}
_TRANSFER_RESULTS = {
    "customer": [{"external_userid": CHEN, "status": 2, "takeover_time": T + 86400}],
    "next_cursor": "",
}
_REFUSED_GROUPS = {"failed_chat_list": [{"chat_id": GROUP, "errcode": 90500, "errmsg": "no"}]}

_CONTACTS: dict[str, dict[str, Any]] = {
    "department/list": {
        "department": [
            {"id": 1, "name": "总部", "parentid": 0, "order": 100},
            {"id": 2, "name": "国贸店", "name_en": "", "parentid": 1, "order": 99},
        ]
    },
    "department/simplelist": {"department_id": [{"id": 2, "parentid": 1, "order": 99}]},
    "user/list": {"userlist": [_STAFF]},
    "user/simplelist": {"userlist": [{"userid": LIN, "name": "林晓", "department": [2]}]},
    "user/get": _STAFF,
    "agent/get": {
        "agentid": 1000002,
        "name": "导购",
        "allow_userinfos": {"user": [{"userid": LIN}]},
        "allow_partys": {"partyid": [1]},
        "allow_tags": {"tagid": []},
        "close": 0,
    },
    "auth/getuserinfo": {"userid": LIN, "user_ticket": "ticket1"},
    "auth/getuserdetail": {"userid": LIN, "gender": "0", "mobile": "13900000000"},
    "getcallbackip": {"ip_list": ["101.226.103.*"]},
    "get_api_domain_ip": {"ip_list": ["182.254.11.176"]},
    "get_jsapi_ticket": {"ticket": "ticket-of-corp", "expires_in": 7200},
    "ticket/get": {"ticket": "ticket-of-app", "expires_in": 7200},
    "externalcontact/get_follow_user_list": {"follow_user": [LIN, ZHOU]},
    "externalcontact/list": {"external_userid": [CHEN, WU]},
    "externalcontact/get": {
        "external_contact": _CONTACT,
        "follow_user": [
            {
                **_FOLLOW,
                "tags": [
                    {"group_name": "等级", "tag_name": "金卡", "tag_id": "etTag1", "type": 1},
                    {"group_name": "我的", "tag_name": "朋友", "type": 2},
                ],
                "wechat_channels": {"nickname": "视频号", "source": 1},
            }
        ],
        "next_cursor": "",
    },
    "externalcontact/batch/get_by_user": {
        "external_contact_list": [
            {"external_contact": _CONTACT, "follow_info": {**_FOLLOW, "tag_id": ["etTag1"]}}
        ],
        "next_cursor": "page2",
        "fail_info": {"unlicensed_userid_list": []},
    },
    "externalcontact/contact_list": {
        "info_list": [
            {
                "is_customer": True,
                "tmp_openid": "tmp1",
                "external_userid": CHEN,
                "name": "陈静",
                "follow_userid": LIN,
                "add_time": T,
            },
            {"is_customer": False, "tmp_openid": "tmp2", "chat_id": GROUP, "chat_name": "会员群"},
        ],
        "next_cursor": "",
    },
    "externalcontact/remark": {},
    "externalcontact/get_corp_tag_list": {"tag_group": [_TAG_GROUP]},
    "externalcontact/get_strategy_tag_list": {"tag_group": [{**_TAG_GROUP, "strategy_id": 1}]},
    "externalcontact/add_corp_tag": {"tag_group": _TAG_GROUP},
    "externalcontact/edit_corp_tag": {},
    "externalcontact/del_corp_tag": {},
    "externalcontact/mark_tag": {},
    "externalcontact/add_contact_way": {"config_id": "c1", "qr_code": "http://p.qpic.cn/c1"},
    "externalcontact/list_contact_way": {"contact_way": [{"config_id": "c1"}], "next_cursor": ""},
    "externalcontact/get_contact_way": {
        "contact_way": {
            "config_id": "c1",
            "type": 1,
            "scene": 2,
            "remark": "门口",
            "skip_verify": True,
            "state": "poster_7",
            "qr_code": "http://p.qpic.cn/c1",
            "user": [LIN],
            "party": [2],
        }
    },
    "externalcontact/update_contact_way": {},
    "externalcontact/del_contact_way": {},
    "externalcontact/convert_to_openid": {"openid": "oPay1"},
    "externalcontact/from_service_external_userid": {"external_userid": CHEN},
    "idconvert/unionid_to_external_userid": {"external_userid": CHEN, "pending_id": ""},
    "idconvert/convert_tmp_external_userid": {
        "results": [
            {"tmp_external_userid": "tmp1", "external_userid": CHEN},
            {"tmp_external_userid": "tmp2", "corpid": "wwOther", "userid": "Peer"},
        ],
        "invalid_tmp_external_userid_list": ["tmp3"],
    },
    "batch/openuserid_to_userid": {
        "userid_list": [{"open_userid": "open1", "userid": LIN}],
        "invalid_open_userid_list": ["open2"],
    },
}
_GROUPS: dict[str, dict[str, Any]] = {
    "externalcontact/groupchat/list": {
        "group_chat_list": [{"chat_id": GROUP, "status": 0}, {"chat_id": "wr2", "status": 1}],
        "next_cursor": "",
    },
    "externalcontact/groupchat/get": {
        "group_chat": {
            "chat_id": GROUP,
            "name": "国贸会员群",
            "owner": LIN,
            "create_time": T,
            "notice": "欢迎",
            "member_list": [
                {
                    "userid": LIN,
                    "type": 1,
                    "join_time": T,
                    "join_scene": 1,
                    "invitor": {"userid": ZHOU},
                    "name": "林晓",
                },
                {
                    "userid": CHEN,
                    "type": 2,
                    "unionid": "oChen0000000000000000000001",
                    "join_time": T + 5,
                    "join_scene": 3,
                    "group_nickname": "静静",
                    "state": "door",
                },
            ],
            "admin_list": [{"userid": ZHOU}],
            "member_version": "71217227bbd112ecfe3a49c482195cb4",
        }
    },
    "externalcontact/opengid_to_chatid": {"chat_id": GROUP},
    "externalcontact/groupchat/add_join_way": {"config_id": "j1"},
    "externalcontact/groupchat/get_join_way": {
        "join_way": {
            "config_id": "j1",
            "scene": 2,
            "remark": "门口",
            "auto_create_room": 1,
            "room_base_name": "会员群",
            "room_base_id": 10,
            "chat_id_list": [GROUP],
            "qr_code": "http://p.qpic.cn/j1",
            "state": "door",
            "mark_source": True,
        }
    },
    "externalcontact/groupchat/update_join_way": {},
    "externalcontact/groupchat/del_join_way": {},
    "externalcontact/group_welcome_template/add": {"template_id": "w1"},
    "externalcontact/group_welcome_template/edit": {},
    "externalcontact/group_welcome_template/get": {
        "text": {"content": "您好，%NICKNAME%"},
        "link": {"title": "周末", "picurl": "", "desc": "", "url": "https://example.com"},
    },
    "externalcontact/group_welcome_template/del": {},
    "externalcontact/get_user_behavior_data": {
        "behavior_data": [
            {
                "stat_time": 1766937600,
                "chat_cnt": 100,
                "message_cnt": 80,
                "reply_percentage": 60.25,
                "avg_reply_time": 1,
                "negative_feedback_cnt": 1,
                "new_apply_cnt": 6,
                "new_contact_cnt": 5,
            },
            {"stat_time": 1767024000, "chat_cnt": 0, "message_cnt": 0},
        ]
    },
    "externalcontact/groupchat/statistic": {
        "total": 1,
        "next_offset": 1,
        "items": [{"owner": LIN, "data": _COUNTS}],
    },
    "externalcontact/groupchat/statistic_group_by_day": {
        "items": [{"stat_time": 1766937600, "data": _COUNTS}]
    },
    "externalcontact/transfer_customer": _TRANSFER_ROWS,
    "externalcontact/resigned/transfer_customer": _TRANSFER_ROWS,
    "externalcontact/transfer_result": _TRANSFER_RESULTS,
    "externalcontact/resigned/transfer_result": _TRANSFER_RESULTS,
    "externalcontact/get_unassigned_list": {
        "info": [{"handover_userid": LIN, "external_userid": CHEN, "dimission_time": T}],
        "is_last": False,
        "next_cursor": "page2",
    },
    "externalcontact/groupchat/transfer": _REFUSED_GROUPS,
    "externalcontact/groupchat/onjob_transfer": _REFUSED_GROUPS,
}
# By the path below /cgi-bin/, without the two fields that every answer has.
ANSWERS: dict[str, dict[str, Any]] = {**_CONTACTS, **_GROUPS, **BEYOND}
FILE = b"\x89PNG\r\n\x1a\n a picture"
