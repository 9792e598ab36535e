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
    unionid_scope: str = switch("snsapi_userinfo", "oauth", "哪种授权返回 unionid")
    oauth_consent_page: bool = switch(
        default=False, chapter="oauth", word="服务号授权前先弹出征求同意的页面"
    )
    welcome_ttl_s: float = switch(20.0, "contacts", "欢迎语凭证的有效秒数，过后 41050")
    welcome_send_s: float = switch(0.0, "contacts", "欢迎语发送要几秒，期间再发答 41096")
    dispatch_delay_s: float = switch(0.0, "mass", "群发任务下发要几秒，期间查询答 41063")
    mass_quota: str = switch("monthly", "mass", "一位顾客能收几次群发，超出为状态 3")
    records_of_cancelled: str = switch("answer", "mass", "查询已停止的群发：照常回答，或 41093")
    kf_token_ttl_s: float = switch(600.0, "kf", "客服回调里 token 的有效秒数")
    msgaudit_interval_s: float = switch(2.0, "archive", "存档通知的间隔秒数（真实约 15）")


CHOICES: dict[str, tuple[Any, ...]] = {
    "mass_quota": ("monthly", "weekly", "daily", "off"),
    "expired_token_errcode": (42001, 40014),
    "unionid_scope": ("snsapi_userinfo", "any"),
    "records_of_cancelled": ("answer", "41093"),
}

PROFILES: dict[str, dict[str, Any]] = {
    "demo": {"msgaudit_interval_s": 2.0, "dispatch_delay_s": 0.0},
    "real": {"msgaudit_interval_s": 15.0, "dispatch_delay_s": 3.0},
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
