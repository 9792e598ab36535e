"""System checks: every path of the switchboard can be imported, and production is no demo."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.utils.module_loading import import_string

from config import switchboard


def register_all() -> None:
    """Called once, when the applications are ready."""
    register(every_path_leads_somewhere)
    register(production_is_no_demo, Tags.security, deploy=True)


def every_path_leads_somewhere(
    app_configs: Sequence[AppConfig] | None,
    **_: object,
) -> list[CheckMessage]:
    """A reaction that cannot be imported would only fail at night."""
    problems: list[CheckMessage] = []
    for path in _paths():
        try:
            import_string(path)
        except ImportError as error:
            problems.append(Error(f"{path}: {error}", id="house.E001"))
    return problems


def _paths() -> Iterator[str]:
    for paths in (*switchboard.REACTIONS.values(), *switchboard.VETOES.values()):
        yield from paths
    yield from switchboard.QUEUES
    for paths in switchboard.RECONCILERS.values():
        yield from paths
    yield from switchboard.TODAY_CARDS
    yield from switchboard.EXPORTS.values()
    yield from switchboard.HQ_PANELS
    yield from switchboard.FIGURE_PARTS
    yield from switchboard.FIGURE_NAMES.values()
    yield from switchboard.FIGURE_ARMS.values()
    yield from switchboard.HANDOVER_PARTS
    yield from switchboard.MERGERS
    yield from switchboard.AUDIENCE_HURDLES
    yield from switchboard.ERASERS
    yield from switchboard.COPIES
    yield from switchboard.SWEEPS
    yield from (job.task for job in switchboard.JOBS)
    yield settings.MEMBER_RESOLVER
    yield settings.MEMBER_FACES
    yield from settings.AUDIENCE_RULES.values()


def production_is_no_demo(
    app_configs: Sequence[AppConfig] | None,
    **_: object,
) -> list[CheckMessage]:
    """The sandbox answers anybody; keys must be there before the first row is written."""
    problems: list[CheckMessage] = []
    if settings.SANDBOX_URL or "/sandbox" in urlsplit(settings.WECOM_API_BASE_URL).path:
        problems.append(
            Error(
                "WECOM_API_BASE_URL or SANDBOX_URL points at the sandbox.",
                hint="Unset both: production speaks to WeCom itself.",
                id="house.E002",
            )
        )
    problems += [
        Error(f"{name} is not set.", hint="See docs/running.md.", id="house.E003")
        for name in ("FIELD_KEYS", "BLIND_INDEX_KEY", "WECOM_CORP_ID")
        if not getattr(settings, name)
    ]
    if settings.DEMO:
        problems.append(Error("DEMO is set.", hint="Unset DEMO.", id="house.E004"))
    return problems
