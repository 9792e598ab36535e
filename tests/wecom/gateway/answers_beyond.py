"""The same as `answers.py` beyond customers and groups: sending, customer service, HQ."""

from __future__ import annotations

from typing import Any

LIN, ZHOU = "LinXiao", "zhouning"
CHEN = "wmChen00000000000000000000000001"
WU = "wmWu0000000000000000000000000001"
GROUP = "wrGroup0000000000000000000000001"
KF = "wkDesk0000000000000000000000001"
T = 1767000000

_LINK = {
    "link_id": "cawcdeL1",
    "link_name": "春季",
    "url": "https://work.weixin.qq.com/ca/cawcdeL1",
    "create_time": T,
    "skip_verify": True,
    "mark_source": True,
}
_PRODUCT = {
    "product_id": "prod1",
    "description": "羊绒围巾",
    "price": 129900,
    "product_sn": "SCARF1",
    "create_time": T,
    "attachments": [{"type": "image", "image": {"media_id": "m1"}}],
}
_STRATEGIES = {"strategy": [{"strategy_id": 1}, {"strategy_id": 7}], "next_cursor": ""}
_STRATEGY = {
    "strategy": {
        "strategy_id": 1,
        "parent_id": 0,
        "strategy_name": "门店",
        "create_time": T,
        "admin_list": [ZHOU],
        "privilege": {"view_customer_list": True, "share_customer": False, "join_room": True},
    }
}
_RANGE = {"range": [{"type": 1, "userid": LIN}, {"type": 2, "partyid": 2}], "next_cursor": ""}
_AGREEMENTS = {
    "agreeinfo": [
        {
            "status_change_time": T,
            "userid": LIN,
            "exteranalopenid": CHEN,
            "agree_status": "Agree",
        }
    ]
}

_SENDING: dict[str, dict[str, Any]] = {
    "externalcontact/send_welcome_msg": {},
    "externalcontact/add_msg_template": {"fail_list": [WU], "msgid": "msg1"},
    "externalcontact/cancel_groupmsg_send": {},
    "externalcontact/remind_groupmsg_send": {},
    "externalcontact/get_groupmsg_task": {
        "task_list": [{"userid": LIN, "status": 2, "send_time": T}],
        "next_cursor": "",
    },
    "externalcontact/get_groupmsg_send_result": {
        "send_list": [{"external_userid": CHEN, "userid": LIN, "status": 1, "send_time": T}],
        "next_cursor": "",
    },
    "externalcontact/get_groupmsg_list_v2": {
        "group_msg_list": [
            {
                "msgid": "msg1",
                "create_time": T,
                "create_type": 0,
                "text": {"content": "周末"},
                "attachments": [{"msgtype": "image", "image": {"media_id": "m1"}}],
            }
        ],
        "next_cursor": "",
    },
    "message/send": {"invaliduser": "nobody|gone", "msgid": "am1", "response_code": "rc1"},
    "message/recall": {},
    "message/update_template_card": {"invaliduser": ["nobody"]},
    "media/upload": {"type": "image", "media_id": "m1", "created_at": "1767000000"},
    "media/uploadimg": {"url": "http://p.qpic.cn/pic_wework/1"},
    "media/upload_attachment": {"type": "image", "media_id": "m2", "created_at": T},
    "media/upload_by_url": {"jobid": "job1"},
    "media/get_upload_by_url_result": {
        "status": 3,
        "detail": {"errcode": 0, "errmsg": "ok", "media_id": "m3", "created_at": "1767000000"},
    },
    "externalcontact/add_moment_task": {"jobid": "job2"},
    "externalcontact/get_moment_task_result": {
        "status": 3,
        "type": "add_moment_task",
        "result": {
            "errcode": 0,
            "errmsg": "ok",
            "moment_id": "mom1",
            "invalid_sender_list": {"user_list": [ZHOU], "department_list": [3]},
            "invalid_external_contact_list": {"tag_list": ["etGone"]},
        },
    },
    "externalcontact/cancel_moment_task": {},
    "externalcontact/get_moment_list": {
        "moment_list": [
            {
                "moment_id": "mom1",
                "creator": LIN,
                "create_time": T,
                "create_type": 1,
                "visible_type": 1,
                "text": {"content": "上新"},
                "image": [{"media_id": "p1"}],
                "video": {"media_id": "v1", "thumb_media_id": "t1"},
                "link": {"title": "看", "url": "https://example.com"},
                "location": {"latitude": "39.9", "longitude": "116.4", "name": "国贸"},
            }
        ],
        "next_cursor": "",
    },
    "externalcontact/get_moment_task": {
        "task_list": [{"userid": LIN, "publish_status": 1}],
        "next_cursor": "",
    },
    "externalcontact/get_moment_customer_list": {
        "customer_list": [{"userid": LIN, "external_userid": CHEN}],
        "next_cursor": "",
    },
    "externalcontact/get_moment_send_result": {
        "customer_list": [{"external_userid": CHEN}],
        "next_cursor": "",
    },
    "externalcontact/get_moment_comments": {
        "comment_list": [{"external_userid": CHEN, "create_time": T}],
        "like_list": [{"userid": ZHOU, "create_time": T}],
    },
    "appchat/create": {"chatid": "staff1"},
    "appchat/update": {},
    "appchat/get": {
        "chat_info": {"chatid": "staff1", "name": "店长群", "owner": LIN, "userlist": [LIN, ZHOU]}
    },
    "appchat/send": {},
    "webhook/send": {},
    "webhook/upload_media": {"type": "file", "media_id": "wh1", "created_at": "1767000000"},
    "aibot/response": {},
}
_DESK: dict[str, dict[str, Any]] = {
    "kf/sync_msg": {
        "next_cursor": "cur1",
        "has_more": 1,
        "msg_list": [
            {
                "msgid": "km1",
                "open_kfid": KF,
                "external_userid": CHEN,
                "send_time": T,
                "origin": 3,
                "msgtype": "text",
                "text": {"content": "几点关门？", "menu_id": ""},
            },
            {
                "msgid": "km2",
                "send_time": T,
                "origin": 4,
                "msgtype": "event",
                "event": {
                    "event_type": "enter_session",
                    "open_kfid": KF,
                    "external_userid": CHEN,
                    "welcome_code": "wc",
                },
            },
        ],
    },
    "kf/send_msg": {"msgid": "km3"},
    "kf/send_msg_on_event": {"msgid": "km4"},
    "kf/service_state/get": {"service_state": 3, "servicer_userid": LIN},
    "kf/service_state/trans": {"msg_code": "mc1"},
    "kf/customer/batchget": {
        "customer_list": [
            {
                "external_userid": CHEN,
                "nickname": "陈静",
                "avatar": "http://wx.qlogo.cn/0",
                "gender": 2,
                "unionid": "oChen0000000000000000000001",
                "enter_session_context": {"scene": "door", "scene_param": "a1"},
            }
        ],
        "invalid_external_userid": [WU],
    },
    "kf/account/list": {
        "account_list": [
            {"open_kfid": KF, "name": "在线客服", "avatar": "", "manage_privilege": True}
        ]
    },
    "kf/account/add": {"open_kfid": KF},
    "kf/account/update": {},
    "kf/account/del": {},
    "kf/add_contact_way": {"url": "https://work.weixin.qq.com/kf/kfc1?enc_scene=x"},
    "kf/servicer/list": {
        "servicer_list": [{"userid": LIN, "status": 0}, {"department_id": 2}],
    },
    "kf/servicer/add": {
        "result_list": [
            {"userid": LIN, "errcode": 0, "errmsg": "success"},
            {"userid": "nobody", "errcode": 60111, "errmsg": "userid not found"},
        ]
    },
    "kf/servicer/del": {"result_list": [{"userid": LIN, "errcode": 0, "errmsg": "ignored"}]},
    "kf/customer/get_upgrade_service_config": {
        "member_range": {"userid_list": [LIN], "department_id_list": [2]},
        "groupchat_range": {"chat_id_list": [GROUP]},
    },
    "kf/customer/upgrade_service": {},
    "kf/customer/cancel_upgrade_service": {},
    "kf/get_corp_statistic": {
        "statistic_list": [
            {
                "stat_time": 1766937600,
                "statistic": {
                    "session_cnt": 2,
                    "customer_cnt": 1,
                    "customer_msg_cnt": 6,
                    "upgrade_service_customer_cnt": 0,
                    "ai_session_reply_cnt": 1,
                    "ai_transfer_rate": 0.5,
                    "ai_knowledge_hit_rate": 0,
                    "msg_rejected_customer_cnt": 1,
                },
            }
        ]
    },
    "kf/get_servicer_statistic": {
        "statistic_list": [
            {
                "stat_time": 1766937600,
                "statistic": {
                    "session_cnt": 1,
                    "customer_cnt": 1,
                    "customer_msg_cnt": 6,
                    "reply_rate": 1,
                    "first_reply_average_sec": 17,
                    "satisfied_rate": 0.75,
                    "msg_rejected_customer_cnt": 1,
                },
            }
        ]
    },
    "kf/knowledge/list_group": {
        "next_cursor": "",
        "has_more": 0,
        "group_list": [{"group_id": "kg1", "name": "默认", "is_default": 1}],
    },
    "kf/knowledge/add_group": {"group_id": "kg2"},
    "kf/knowledge/mod_group": {},
    "kf/knowledge/del_group": {},
    "kf/knowledge/list_intent": {
        "next_cursor": "",
        "has_more": 0,
        "intent_list": [
            {
                "group_id": "kg1",
                "intent_id": "ki1",
                "question": {"text": {"content": "几点关门"}},
                "similar_questions": {"items": [{"text": {"content": "营业时间"}}]},
                "answers": [{"text": {"content": "22 点"}, "attachments": []}],
            }
        ],
    },
    "kf/knowledge/add_intent": {"intent_id": "ki2"},
    "kf/knowledge/mod_intent": {},
    "kf/knowledge/del_intent": {},
}
_HQ: dict[str, dict[str, Any]] = {
    "msgaudit/get_permit_user_list": {"ids": [LIN]},
    "msgaudit/check_single_agree": _AGREEMENTS,
    "msgaudit/check_room_agree": _AGREEMENTS,
    "msgaudit/chatdata": {
        "chatdata": [
            {
                "seq": 7,
                "msgid": "a1_external",
                "message": {
                    "msgid": "a1_external",
                    "action": "send",
                    "from": CHEN,
                    "tolist": [LIN],
                    "roomid": GROUP,
                    "msgtime": 1767000000123,
                    "msgtype": "text",
                    "text": {"content": "在吗"},
                },
            }
        ]
    },
    "chatdata/get_hit_msg_list": {
        "has_more": 1,
        "next_cursor": "c1",
        "msg_list": [
            {
                "msgid": "a1_external",
                "sender": {"type": 2, "id": CHEN},
                "receiver_list": [{"type": 1, "id": LIN}],
                "chatid": "",
                "send_time": 1767000000,
                "msgtype": "text",
                "hit_rule_list": [{"rule_id": "kr1", "rule_name": "退款"}],
            }
        ],
    },
    "externalcontact/customer_acquisition/list_link": {
        "link_id_list": ["cawcdeL1"],
        "next_cursor": "",
    },
    "externalcontact/customer_acquisition/get": {
        "link": _LINK,
        "range": {"user_list": [LIN], "department_list": [2]},
        "priority_option": {"priority_type": 1, "priority_userid_list": []},
    },
    "externalcontact/customer_acquisition/create_link": {"link": _LINK},
    "externalcontact/customer_acquisition/update_link": {},
    "externalcontact/customer_acquisition/delete_link": {},
    "externalcontact/customer_acquisition/customer": {
        "customer_list": [
            {"external_userid": CHEN, "userid": LIN, "chat_status": 1, "state": "spring"}
        ],
        "next_cursor": "",
    },
    "externalcontact/customer_acquisition/get_chat_info": {
        "userid": LIN,
        "external_userid": CHEN,
        "chat_info": {"recv_msg_cnt": 3, "link_id": "cawcdeL1", "state": "spring"},
    },
    "externalcontact/customer_acquisition_quota": {
        "total": 1000,
        "balance": 400,
        "quota_list": [{"expire_date": 1767024000, "balance": 400}],
    },
    "externalcontact/customer_acquisition/statistic": {
        "click_link_customer_cnt": 40,
        "new_customer_cnt": 12,
    },
    "externalcontact/get_product_album_list": {"product_list": [_PRODUCT], "next_cursor": ""},
    "externalcontact/get_product_album": {"product": _PRODUCT},
    "externalcontact/add_product_album": {"product_id": "prod1"},
    "externalcontact/update_product_album": {},
    "externalcontact/delete_product_album": {},
    "externalcontact/get_intercept_rule_list": {
        "rule_list": [{"rule_id": "r1", "rule_name": "私单", "create_time": T}]
    },
    "externalcontact/get_intercept_rule": {
        "rule": {
            "rule_id": "r1",
            "rule_name": "私单",
            "word_list": ["转账"],
            "extra_rule": {"semantics_list": [1, 3]},
            "intercept_type": 2,
            "applicable_range": {"user_list": [LIN], "department_list": [2]},
        }
    },
    "externalcontact/add_intercept_rule": {"rule_id": "r1"},
    "externalcontact/update_intercept_rule": {},
    "externalcontact/del_intercept_rule": {},
    "externalcontact/customer_strategy/list": _STRATEGIES,
    "externalcontact/customer_strategy/get": _STRATEGY,
    "externalcontact/customer_strategy/get_range": _RANGE,
    "externalcontact/moment_strategy/list": _STRATEGIES,
    "externalcontact/moment_strategy/get": _STRATEGY,
    "externalcontact/moment_strategy/get_range": _RANGE,
}

BEYOND: dict[str, dict[str, Any]] = {**_SENDING, **_DESK, **_HQ}
