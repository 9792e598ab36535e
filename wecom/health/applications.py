"""How each application stands: what the settings give it, what Redis remembers of its calls."""

from __future__ import annotations

from dataclasses import dataclass

import redis
import structlog
from django.conf import settings

from wecom.gateway.breaker import BreakerState, breaker_state
from wecom.gateway.usage import ApiUsage, Pulse, pulse, usage

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Application:
    """One application of the corp. Without `pulse` Redis is away."""

    name: str
    agent_id: int
    is_configured: bool
    hears_callbacks: bool
    pulse: Pulse | None


@dataclass(frozen=True, slots=True)
class Traffic:
    """What all workers know together; `is_known` is False while Redis is away."""

    applications: list[Application]
    breaker: BreakerState
    apis: list[ApiUsage]
    is_known: bool = True


def traffic() -> Traffic:
    """Applications, the breaker, the limits used. Never raises: being away is an answer."""
    corp_id = settings.WECOM_CORP_ID
    try:
        found = [_application(name, pulse(corp_id, name)) for name in settings.WECOM_APPS]
        return Traffic(found, breaker_state(corp_id), usage(corp_id))
    except redis.RedisError as error:
        log.warning("health_without_redis", error=type(error).__name__)
    known = [_application(name, None) for name in settings.WECOM_APPS]
    return Traffic(known, BreakerState("unknown", 0, 0.0), [], is_known=False)


def _application(name: str, beat: Pulse | None) -> Application:
    said = settings.WECOM_APPS[name]
    return Application(
        name=name,
        agent_id=int(said.get("agent_id") or 0),
        is_configured=bool(settings.WECOM_CORP_ID and said.get("secret") and said.get("agent_id")),
        hears_callbacks=bool(said.get("callback_token") and said.get("callback_aes_key")),
        pulse=beat,
    )
