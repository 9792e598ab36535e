"""The acts in Chinese, and who does them: what the control page's forms say."""

from typing import Any

from .reading import Act
from .signature import Parameter, kind_of, read_parameters

CUSTOMERS, MEMBERS, ADMINS = "顾客做的事", "成员在客户端做的事", "管理员在后台做的事"
WHO = (CUSTOMERS, MEMBERS, ADMINS)

WORDS: dict[str, tuple[str, str]] = {
    "create_customer": (CUSTOMERS, "多一位微信用户"),
    "scan": (CUSTOMERS, "扫一个码，看它是什么（不发生事情）"),
    "scan_contact_way": (CUSTOMERS, "扫「联系我」并添加"),
    "scan_acquisition_link": (CUSTOMERS, "点获客链接并添加"),
    "start_chat": (CUSTOMERS, "经获客链接添加后先开口"),
    "add_friend": (CUSTOMERS, "加为好友（不经过码）"),
    "add_half": (CUSTOMERS, "免验证添加，成员尚未加回（半好友）"),
    "burst": (CUSTOMERS, "许多人同一秒添加一位成员"),
    "delete_guide": (CUSTOMERS, "顾客删除成员"),
    "refuse_transfer": (CUSTOMERS, "拒绝接替"),
    "archive_consent": (CUSTOMERS, "同意或不同意会话存档"),
    "join_group": (CUSTOMERS, "进群：扫群码，或被邀请"),
    "leave_group": (CUSTOMERS, "自己退群"),
    "chat": (CUSTOMERS, "说一句话：单聊填「对谁」，群聊填「群」"),
    "recall_message": (CUSTOMERS, "撤回说过的话（顾客或成员）"),
    "mark_seen": (CUSTOMERS, "看过一段聊天"),
    "kf_enter": (CUSTOMERS, "进入微信客服会话"),
    "kf_chat": (CUSTOMERS, "对微信客服说话"),
    "kf_recall": (CUSTOMERS, "撤回对客服说的话"),
    "kf_reject": (CUSTOMERS, "拒收或恢复接收客服消息"),
    "like_moment": (CUSTOMERS, "给朋友圈点赞"),
    "comment_moment": (CUSTOMERS, "评论朋友圈"),
    "accept_friend": (MEMBERS, "通过好友申请"),
    "add_back": (MEMBERS, "加回半好友"),
    "delete_customer": (MEMBERS, "成员删除顾客"),
    "edit_customer": (MEMBERS, "改备注、描述、标签"),
    "confirm_task": (MEMBERS, "确认群发任务（没有别的办法）"),
    "personal_mass_send": (MEMBERS, "自己发起群发"),
    "publish_moment": (MEMBERS, "发表企业朋友圈任务"),
    "personal_moment": (MEMBERS, "自己发一条朋友圈"),
    "create_group": (MEMBERS, "发起客户群"),
    "invite_together": (MEMBERS, "一次邀请几个人进群（一个事件、多个 Item）"),
    "rename_group": (MEMBERS, "改群名"),
    "set_notice": (MEMBERS, "改群公告"),
    "set_group_admins": (MEMBERS, "设群管理员"),
    "change_owner": (MEMBERS, "转让群主"),
    "remove_from_group": (MEMBERS, "把人移出群"),
    "dismiss_group": (MEMBERS, "解散群"),
    "apply_group_welcome": (MEMBERS, "给群套用入群欢迎语"),
    "delete_moment": (MEMBERS, "删除自己的朋友圈"),
    "say_in_appchat": (MEMBERS, "在内部群里说话"),
    "create_webhook": (MEMBERS, "给内部群添加群机器人"),
    "turn_webhook": (
        MEMBERS,
        "停用、移除、恢复群机器人",
    ),
    "enter_robot": (MEMBERS, "打开与智能机器人的会话"),
    "press_robot_card": (MEMBERS, "点智能机器人卡片的按钮"),
    "record_voice": (MEMBERS, "在页面里录一段语音"),
    "kf_servicer_chat": (MEMBERS, "接待人员回答顾客"),
    "kf_end": (MEMBERS, "接待人员结束会话"),
    "kf_servicer_status": (MEMBERS, "接待人员停止或恢复接待"),
    "kf_hand_over": (MEMBERS, "接待人员把会话转给别人"),
    "enter_agent": (MEMBERS, "进入应用"),
    "click_menu": (MEMBERS, "点应用菜单"),
    "send_app": (MEMBERS, "对应用说话"),
    "press_card": (MEMBERS, "点模板卡片的按钮"),
    "aibot_say": (MEMBERS, "对智能机器人说话"),
    "create_member": (ADMINS, "新增成员"),
    "edit_member": (ADMINS, "改成员：姓名、部门、职位、账号"),
    "resign_member": (ADMINS, "成员离职（客户待继承）"),
    "disable_member": (ADMINS, "禁用成员"),
    "enable_member": (ADMINS, "启用成员"),
    "create_department": (ADMINS, "新增部门"),
    "edit_department": (ADMINS, "改部门"),
    "delete_department": (ADMINS, "删除部门"),
    "create_tag": (ADMINS, "新增企业标签"),
    "rename_tag": (ADMINS, "标签改名"),
    "delete_tag": (ADMINS, "删除标签"),
    "order_tags": (ADMINS, "标签重新排序"),
    "set_range": (ADMINS, "改应用可见范围"),
    "disable_app": (ADMINS, "停用应用"),
    "enable_app": (ADMINS, "启用应用"),
    "reset_secret": (ADMINS, "重置应用 Secret"),
    "set_trusted_ips": (ADMINS, "设应用的可信 IP"),
    "edit_label": (ADMINS, "给成员或部门打内部标签"),
    "create_robot": (ADMINS, "新建智能机器人"),
    "reopen_agent": (ADMINS, "重新启用被停用的应用"),
    "tell_open_userid": (ADMINS, "查一位成员的 open_userid"),
    "tell_other_ids": (ADMINS, "查顾客或群的其他编号"),
    "delete_acquisition_link": (ADMINS, "删除获客链接"),
    "keyword_rule": (ADMINS, "数据专区：新增或修改关键词规则"),
    "open_zone": (ADMINS, "数据专区：安装或移除程序"),
    "kf_authorize": (ADMINS, "把客服账号交给接口管理，或收回"),
    "kf_upgrade_range": (ADMINS, "客服可升级到哪些成员与群"),
    "acquisition_balance": (ADMINS, "获客助手的余量"),
    "close_agent": (ADMINS, "应用因长期不用被停用"),
}

FIELDS: dict[str, str] = {
    "person": "谁说的",
    "total": "总额",
    "link_id": "获客链接编号",
    "open": "开着",
    "words": "词（一行一个）",
    "rule_id": "规则编号（改已有的才填）",
    "customer": "顾客",
    "customers": "顾客（一行一个）",
    "userid": "成员",
    "userids": "成员（一行一个）",
    "takeover": "接替的成员",
    "handover": "原来的成员",
    "owner": "群主",
    "admins": "管理员（一行一个）",
    "invitor": "邀请人",
    "member": "谁",
    "members": "成员或顾客（一行一个）",
    "chat_id": "群",
    "name": "名字",
    "new_userid": "新的账号",
    "position": "职位",
    "department": "部门编号（一行一个）",
    "departments": "部门编号（一行一个）",
    "id": "编号",
    "parentid": "上级部门编号",
    "agent_id": "应用",
    "agent": "应用",
    "config_id": "码的编号",
    "url": "网址",
    "state": "state：渠道参数；群机器人填 active、disabled、removed、expelled",
    "text": "文字",
    "content": "消息（JSON）",
    "from": "谁说",
    "to": "对谁",
    "source": "来源（chat、sidebar）",
    "notice": "公告",
    "remark": "备注",
    "description": "描述",
    "add_tags": "加上的标签（一行一个编号）",
    "remove_tags": "去掉的标签（一行一个编号）",
    "group_name": "标签组",
    "msgid": "消息编号",
    "moment_id": "朋友圈编号",
    "targets": "发给谁（一行一个，空为全部）",
    "open_kfid": "客服账号",
    "scene": "场景",
    "scene_param": "场景参数",
    "agree": "同意",
    "reject": "拒收",
    "key": "按钮或菜单的 key",
    "balance": "余量",
    "ips": "IP（一行一个，空为不限）",
    "template_id": "入群欢迎语编号",
    "viewer": "谁看",
    "chat_key": "聊天的键",
    "add_way": "添加方式（数字）",
    "join_scene": "进群方式（1 邀请 2 链接 3 扫码）",
    "initiator": "谁发起（customer、member）",
    "gender": "性别（1 男 2 女）",
    "unionid": "unionid",
    "external_userid": "external_userid",
    "many": "多少位",
    "bot": "机器人",
    "aibotid": "智能机器人编号",
    "callback_url": "回调地址",
    "callback_token": "回调 Token",
    "callback_aes_key": "回调 EncodingAESKey",
    "selected": "选项（JSON：{问题: [选项]}）",
    "attachments": "附件（JSON 列表）",
    "chat_ids": "客户群（一行一个）",
    "ids": "编号（一行一个，按顺序）",
    "group_id": "标签组编号",
    "order": "排序",
    "status": "状态（1 已激活 2 禁用 4 未激活）",
    "leads": "负责的部门（一行一个）",
    "tagid": "内部标签编号",
    "add_users": "加上的成员（一行一个）",
    "del_users": "去掉的成员（一行一个）",
    "add_parties": "加上的部门（一行一个）",
    "del_parties": "去掉的部门（一行一个）",
    "source_agentid": "小程序所在应用",
    "member_range": "成员范围（JSON）",
    "groupchat_range": "客户群范围（JSON）",
    "expire_time": "到期时间",
    "serving": "接待中",
    "managed": "由接口管理",
    "mobile": "手机",
    "email": "邮箱",
    "biz_mail": "企业邮箱",
    "avatar": "头像网址",
    "template": "模板",
    "chatid": "群聊编号",
}


# Read by a loop over names, which the reading of code does not see.
READ_IN_LOOPS = {
    "create_member": ("position", "mobile", "email", "biz_mail"),
    "kf_upgrade_range": ("member_range", "groupchat_range"),
    "edit_member": ("name", "position", "mobile", "email", "biz_mail"),
}


def parameters_of(name: str, act: Act) -> list[Parameter]:
    """An act's fields, those that it needs first."""
    found = list(read_parameters(act))
    known = {one.name for one in found}
    more = [each for each in READ_IN_LOOPS.get(name, ()) if each not in known]
    found += [Parameter(each, required=False, kind=kind_of(each, "")) for each in more]
    return sorted(found, key=lambda one: not one.required)


def describe_acts() -> list[dict[str, Any]]:
    """Every act with its Chinese word, who does it, and its fields; in a readable order."""
    from . import ACTS

    described: list[dict[str, Any]] = []
    for name, act in ACTS.items():
        who, word = WORDS.get(name, (ADMINS, (act.__doc__ or name).split("\n")[0]))
        fields = [
            {
                "name": one.name,
                "word": FIELDS.get(one.name, one.name),
                "required": one.required,
                "kind": one.kind,
            }
            for one in parameters_of(name, act)
        ]
        described.append({"name": name, "who": who, "word": word, "parameters": fields})
    order = {name: number for number, name in enumerate(WORDS)}
    described.sort(key=lambda each: (WHO.index(each["who"]), order.get(each["name"], len(order))))
    return described
