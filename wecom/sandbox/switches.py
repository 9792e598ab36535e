"""Behaviours that can be turned: what is uncertain, random or slow in the real service."""

from dataclasses import asdict, dataclass, fields
from typing import Any, get_type_hints

from .store import Store


@dataclass
class Values:
    """Every switch with its default."""

    duplicate_probability: float = 0.0
    drop_probability: float = 0.0
    reorder_probability: float = 0.0
    reorder_max_s: float = 3.0
    callback_deadline_s: float = 5.0
    callback_retries: int = 3
    callback_retry_pause_s: float = 5.0
    msgaudit_interval_s: float = 2.0
    dispatch_delay_s: float = 0.0
    welcome_ttl_s: float = 20.0
    welcome_send_s: float = 0.0
    mass_quota: str = "monthly"
    token_ttl_s: int = 7200
    expired_token_errcode: int = 42001
    unionid_scope: str = "snsapi_userinfo"
    oauth_consent_page: bool = False
    kf_token_ttl_s: float = 600.0
    records_of_cancelled: str = "answer"


CHOICES = {
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


class Switches:
    """Reads and turns the switches; they survive a restart."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.on = Values(**store.setting("switches", {}))

    def all(self) -> dict[str, Any]:
        """Every switch with its present value."""
        return asdict(self.on)

    def turn(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """Turn some switches, or refuse all of them; ``profile`` names a set."""
        wanted = dict(wanted)
        profile = wanted.pop("profile", None)
        if profile is not None:
            if profile not in PROFILES:
                raise UnknownSwitch(f"profile must be one of {sorted(PROFILES)}")
            wanted = PROFILES[profile] | wanted
        kinds = get_type_hints(Values)
        unknown = set(wanted) - {field.name for field in fields(Values)}
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
