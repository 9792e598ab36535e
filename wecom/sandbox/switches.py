"""Behaviours that can be turned: what is uncertain, random or slow in the real service."""

from dataclasses import Field, asdict, dataclass, field, fields
from typing import Any, get_type_hints

from .store import Store

# Chapters of the control page, in its order.
CHAPTERS = {
    "callbacks": "回调",
    "tokens": "凭证与网络",
    "limits": "频率与并发",
    "contacts": "客户联系",
    "groups": "客户群",
    "mass": "群发与朋友圈",
    "messages": "应用消息与机器人",
    "kf": "微信客服",
    "archive": "会话存档",
    "oauth": "网页授权",
    "other": "其他",
}


def switch(default: Any, chapter: str, word: str) -> Any:
    """One switch: its default, its chapter on the control page, what it does in Chinese."""
    return field(default=default, metadata={"chapter": chapter, "word": word})


@dataclass
class Values:
    """Every switch with its default."""

    duplicate_probability: float = switch(0.0, "callbacks", "同一事件推送两次的概率（0–1）")
    drop_probability: float = switch(0.0, "callbacks", "事件丢失的概率（0–1）")
    reorder_probability: float = switch(0.0, "callbacks", "事件被延后、从而乱序的概率（0–1）")
    reorder_max_s: float = switch(3.0, "callbacks", "乱序时最多延后几秒")
    callback_deadline_s: float = switch(5.0, "callbacks", "等待回调应答的秒数，超时算失败")
    callback_retries: int = switch(3, "callbacks", "失败后再推送几次")
    callback_retry_pause_s: float = switch(5.0, "callbacks", "两次推送之间的秒数")
    omitted_event_fields: str = switch(
        "", "callbacks", "事件里不写的可选字段，逗号分隔，例如 State,WelcomeCode,MemChangeList"
    )
    token_ttl_s: int = switch(7200, "tokens", "access_token 的有效秒数")
    expired_token_errcode: int = switch(42001, "tokens", "凭证过期时回答的错误码")
    tokens_always_bad: bool = switch(
        default=False, chapter="tokens", word="发出的凭证一概不认：看客户端会不会无休止地重取"
    )
    random_minus_one: float = switch(0.0, "tokens", "答 -1 系统繁忙的概率（0–1），一半其实已办成")
    random_http_error: float = switch(
        0.0, "tokens", "HTTP 502 或 504 的概率（0–1），一半其实已办成"
    )
    api_latency_s: float = switch(0.0, "tokens", "每次接口调用多等的秒数，好看出并发")
    limits: str = switch("off", "limits", "频率与并发限制：关，或与真实一致")
    limit_minute_s: float = switch(60.0, "limits", "限频的“一分钟”有几秒；“一小时”是它的 60 倍")
    limit_per_minute: int = switch(10_000, "limits", "企业每个接口每分钟的次数，0 为不限")
    limit_per_hour: int = switch(150_000, "limits", "企业每个接口每小时的次数，0 为不限")
    limit_ip_per_minute: int = switch(20_000, "limits", "每个 IP 每个接口每分钟的次数，0 为不限")
    limit_ip_per_hour: int = switch(600_000, "limits", "每个 IP 每个接口每小时的次数，0 为不限")
    limit_in_flight: int = switch(
        0, "limits", "每个接口同时进行的次数，超出答 45033，0 为不限；mark_tag 总是 5"
    )
    gettoken_per_minute: int = switch(0, "limits", "gettoken 每分钟的次数，0 为不限")
    media_downloads_per_minute: int = switch(
        0, "limits", "同一个 media_id 每分钟能下载几次，超出答 45033，0 为不限"
    )
    unionid_scope: str = switch("snsapi_userinfo", "oauth", "哪种授权返回 unionid")
    oauth_consent_page: bool = switch(
        default=False, chapter="oauth", word="服务号授权前先弹出征求同意的页面"
    )
    welcome_ttl_s: float = switch(20.0, "contacts", "欢迎语凭证的有效秒数，过后 41050")
    welcome_send_s: float = switch(0.0, "contacts", "欢迎语发送要几秒，期间再发答 41096")
    transfer_takes_s: float = switch(86400.0, "contacts", "客户继承几秒后生效（真实 24 小时）")
    takeover_customer_limit: int = switch(
        0, "contacts", "接替成员最多有几位客户，超出 40099 或 transfer_fail，0 为不限"
    )
    statistics_ready_h: float = switch(3.0, "contacts", "昨天的统计数据今天几点才有，之前都是 0")
    group_lag_s: float = switch(0.0, "groups", "groupchat/get 比事件晚几秒（真实约 2）")
    sparse_group_events: bool = switch(
        default=False,
        chapter="groups",
        word="群事件缺 MemChangeList、版本号等字段，或带着无关的默认值",
    )
    group_transfer_takes_s: float = switch(
        0.0, "groups", "离职群继承要几秒，期间状态 2，再分配答 90507"
    )
    dispatch_delay_s: float = switch(0.0, "mass", "群发任务下发要几秒，期间查询答 41063")
    mass_quota: str = switch("monthly", "mass", "一位顾客能收几次群发，超出为状态 3")
    records_of_cancelled: str = switch("answer", "mass", "查询已停止的群发：照常回答，或 41093")
    moment_job_s: float = switch(0.0, "mass", "创建朋友圈任务要几秒，期间 jobid 的状态是 1、2")
    moment_jobs_at_once: int = switch(10, "mass", "同时进行的朋友圈任务数，超出答 41078，0 为不限")
    moment_quota: str = switch("monthly", "mass", "一位顾客能看的企业朋友圈：月 4 条、日 1 条")
    app_message_per_minute: int = switch(
        30, "messages", "一个应用每分钟给一位成员的消息数，超出悄悄丢弃，0 为不限"
    )
    app_message_per_hour: int = switch(
        1000, "messages", "一个应用每小时给一位成员的消息数，超出悄悄丢弃，0 为不限"
    )
    response_code_ttl_s: float = switch(259_200.0, "messages", "卡片 response_code 的有效秒数")
    webhook_per_minute: int = switch(
        20, "messages", "群机器人每分钟的消息数，超出答 45009，0 为不限"
    )
    robot_deadline_s: float = switch(5.0, "messages", "等待智能机器人应答的秒数")
    robot_poll_s: float = switch(1.0, "messages", "流式回答每隔几秒来取一次")
    robot_stream_s: float = switch(360.0, "messages", "一次提问最多取流式回答几秒")
    kf_token_ttl_s: float = switch(600.0, "kf", "客服回调里 token 的有效秒数")
    kf_feed_delay_s: float = switch(0.0, "kf", "客服回调之后几秒，sync_msg 才取得到消息")
    kf_empty_page_probability: float = switch(
        0.0, "kf", "sync_msg 答空页而 has_more 仍为 1 的概率（0–1）"
    )
    kf_without_token_per_minute: int = switch(
        0, "kf", "不带 token 的 sync_msg 每分钟的次数，超出答 45009，0 为不限"
    )
    kf_repeated_msgid: str = switch("refuse", "kf", "同一 msgid 再发一次：拒绝、吞掉、照发")
    kf_fail_probability: float = switch(0.0, "kf", "答应发送之后仍告知发送失败的概率（0–1）")
    kf_fail_type: int = switch(0, "kf", "发送失败事件里的 fail_type")
    kf_end_from: str = switch("1,3", "kf", "接口可以从哪些状态结束会话")
    msgaudit_interval_s: float = switch(2.0, "archive", "存档通知的间隔秒数（真实约 15）")
    archive_kinds: str = switch("", "archive", "存档听得见的消息类型，逗号分隔；空为全部")


CHOICES: dict[str, tuple[Any, ...]] = {
    "limits": ("off", "real"),
    "mass_quota": ("monthly", "weekly", "daily", "off"),
    "moment_quota": ("monthly", "daily", "off"),
    "kf_repeated_msgid": ("refuse", "swallow", "send"),
    "kf_end_from": ("1,3", "0,1,2,3", "3"),
    "expired_token_errcode": (42001, 40014),
    "unionid_scope": ("snsapi_userinfo", "any"),
    "records_of_cancelled": ("answer", "41093"),
}

PROFILES: dict[str, dict[str, Any]] = {
    "demo": {"msgaudit_interval_s": 2.0, "dispatch_delay_s": 0.0, "group_lag_s": 0.0},
    "real": {
        "msgaudit_interval_s": 15.0,
        "dispatch_delay_s": 3.0,
        "limits": "real",
        "group_lag_s": 2.0,
    },
}


class UnknownSwitch(ValueError):
    """There is no such switch, or not with such a value."""


def read_value(name: str, kind: type, value: Any) -> Any:
    """Give the value in the switch's type, or refuse it."""
    if kind is bool:
        if not isinstance(value, bool):
            raise UnknownSwitch(f"{name} must be true or false")
        return value
    if kind in (int, float) and (isinstance(value, bool) or not isinstance(value, int | float)):
        raise UnknownSwitch(f"{name} must be a number")
    read = kind(value)
    if name in CHOICES and read not in CHOICES[name]:
        raise UnknownSwitch(f"{name} must be one of {CHOICES[name]}")
    if isinstance(read, float | int) and read < 0:
        raise UnknownSwitch(f"{name} must not be negative")
    return read


def describe(one: Field[Any]) -> dict[str, Any]:
    """Chapter and word of a switch; one that was given neither stands under 其他."""
    chapter = one.metadata.get("chapter", "other")
    return {
        "name": one.name,
        "chapter": chapter if chapter in CHAPTERS else "other",
        "word": one.metadata.get("word", one.name),
        "default": one.default,
        "choices": CHOICES.get(one.name, ()),
    }


class Switches:
    """Reads and turns the switches; they survive a restart."""

    def __init__(self, store: Store) -> None:
        self.store = store
        known = {one.name for one in fields(Values)}
        kept = store.setting("switches", {})
        # A file of a version with other switches keeps those that still are.
        self.on = Values(**{name: value for name, value in kept.items() if name in known})

    def all(self) -> dict[str, Any]:
        """Every switch with its present value."""
        return asdict(self.on)

    def described(self) -> list[dict[str, Any]]:
        """Every switch with its value, chapter and Chinese word."""
        return [describe(one) | {"value": getattr(self.on, one.name)} for one in fields(Values)]

    def turn(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """Turn some switches, or refuse all of them; ``profile`` names a set."""
        wanted = dict(wanted)
        profile = wanted.pop("profile", None)
        if profile is not None:
            if profile not in PROFILES:
                raise UnknownSwitch(f"profile must be one of {sorted(PROFILES)}")
            wanted = PROFILES[profile] | wanted
        kinds = get_type_hints(Values)
        unknown = set(wanted) - {one.name for one in fields(Values)}
        if unknown:
            raise UnknownSwitch(f"no such switch: {', '.join(sorted(unknown))}")
        read = {name: read_value(name, kinds[name], v) for name, v in wanted.items()}
        for name, value in read.items():
            setattr(self.on, name, value)
        self.store.put_setting("switches", self.all())
        return self.all()

    def reset(self) -> None:
        """Back to the defaults."""
        self.on = Values()
