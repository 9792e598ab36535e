"""How much WeCom allows, API by API: the documents' figures, and what the settings say instead.

Figures only; who waits and who may go is the governor's business.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Final

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

_HOUR: Final = 60
_DAY: Final = 24 * _HOUR
_MONTH: Final = 30 * _DAY
# A window is counted in so many buckets and one more, so that it never holds too much; persons
# have coarse ones, since one message may name a thousand of them.
_FINE: Final = 60
_COARSE: Final = 10


@dataclass(frozen=True, slots=True)
class ApiLimits:
    """What one API takes; 0 is no limit. The defaults are those of document 90454 (2023-08-28)."""

    minute: int = 10_000
    hour: int = 150_000
    day: int = 0
    month: int = 0
    # All calls that leave by one address.
    ip_minute: int = 20_000
    ip_hour: int = 600_000
    # One application of the corp.
    app_hour: int = 0
    # One application towards one receiver.
    person_minute: int = 0
    person_hour: int = 0
    # At the same moment.
    in_flight: int = 0
    # Shorter only where a sandbox has shorter minutes too.
    minute_seconds: float = 60.0


@dataclass(frozen=True, slots=True)
class Window:
    """So many calls within so many seconds, counted under a name."""

    name: str
    seconds: float
    most: int
    buckets: int


# Where a document names another figure than 90454.
_KNOWN: Final[dict[str, dict[str, int]]] = {
    # No figure is published; about 2000 wrong secrets an hour ban the address for an hour.
    "gettoken": {"minute": 60, "hour": 600},
    # 400 an hour for the corp, 100 for each application (document 90506).
    "get_jsapi_ticket": {"hour": 400, "app_hour": 100},
    "ticket/get": {"hour": 400, "app_hour": 100},
    # The excess is dropped without a word (document 90236).
    "message/send": {"person_minute": 30, "person_hour": 1000},
    # Each robot, named as the receiver (document 99110).
    "webhook/send": {"person_minute": 20},
    # Five at once, says the vendor's staff in its forum.
    "externalcontact/mark_tag": {"in_flight": 5},
    "appchat/create": {"hour": 1000, "day": 1000},
    "appchat/update": {"hour": 1000},
    "media/uploadimg": {"day": 1000, "month": 3000},
    # Strictly one after another.
    "externalcontact/customer_strategy/create": {"in_flight": 1},
    "externalcontact/customer_strategy/edit": {"in_flight": 1},
    "externalcontact/moment_strategy/create": {"in_flight": 1},
    "externalcontact/moment_strategy/edit": {"in_flight": 1},
}
_FIELDS: Final = {field.name for field in fields(ApiLimits)}


def limits_of(api: str) -> ApiLimits:
    """The limits of one API: settings for it, the document's for it, settings for `*`, defaults."""
    said: dict[str, dict[str, Any]] = settings.WECOM_LIMITS
    return replace(ApiLimits(), **(said.get("*", {}) | _KNOWN.get(api, {}) | said.get(api, {})))


def check_limits() -> None:
    """Raise ImproperlyConfigured when WECOM_LIMITS names what there is not."""
    for api, figures in settings.WECOM_LIMITS.items():
        unknown = set(figures) - _FIELDS
        if unknown:
            words = ", ".join(sorted(unknown))
            raise ImproperlyConfigured(f"WECOM_LIMITS: {api} has no {words}")


def windows_of(limits: ApiLimits) -> list[tuple[str, Window]]:
    """Each window that has a size, with its scope: corp, ip, app or person."""
    minutes = {"minute": 1, "hour": _HOUR, "day": _DAY, "month": _MONTH}
    found = []
    for name, most in asdict(limits).items():
        scope, _, unit = name.rpartition("_")
        if unit not in minutes or not most:
            continue
        scope = scope or "corp"
        buckets = _COARSE if scope == "person" else _FINE
        seconds = minutes[unit] * limits.minute_seconds
        found.append((scope, Window(unit, seconds, int(most), buckets)))
    return found
