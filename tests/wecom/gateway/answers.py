"""What WeCom answers, API by API: shapes of the documents and of other SDKs, values of our own.

Field names and kinds were compared with the types and test data of xen0n/go-workwx,
wenerme/go-wecom, Wechat-Group/WxJava, shuaidd/wecom-core, shenghui0779/gochat and
JeffreySu/WeiXinMPSDK.
"""

from __future__ import annotations

from typing import Any

LIN, ZHOU = "LinXiao", "zhouning"
CHEN = "wmChen00000000000000000000000001"
WU = "wmWu0000000000000000000000000001"
GROUP = "wrGroup0000000000000000000000001"
KF = "wkDesk0000000000000000000000001"
T = 1767000000

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
_TRANSFER_ROWS = {
    "customer": [{"external_userid": CHEN, "errcode": 0}, {"external_userid": WU, "errcode": 40128}]
}
_TRANSFER_RESULTS = {
    "customer": [{"external_userid": CHEN, "status": 2, "takeover_time": T + 86400}],
    "next_cursor": "",
}
_REFUSED_GROUPS = {"failed_chat_list": [{"chat_id": GROUP, "errcode": 90500, "errmsg": "no"}]}
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

# By the path below /cgi-bin/, without the two fields that every answer has.
ANSWERS: dict[str, dict[str, Any]] = {**_CONTACTS, **_GROUPS, **_SENDING, **_DESK, **_HQ}
FILE = b"\x89PNG\r\n\x1a\n a picture"
