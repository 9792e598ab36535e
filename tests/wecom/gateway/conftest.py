"""The unwell WeCom in the settings' place of the real one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from tests.wecom.gateway.unwell import Unwell, an_unwell_wecom
from tests.wecom.gateway.wellwecom import Well, a_well_wecom
from wecom.gateway import transport


@pytest.fixture
def unwell(settings: Settings, no_tokens: None) -> Iterator[Unwell]:
    """A server whose answers the test decides."""
    with an_unwell_wecom() as server:
        settings.WECOM_API_BASE_URL = server.url
        yield server


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """The gateway waits half a second at most, for tests in which no answer comes."""
    monkeypatch.setattr(transport, "TIMEOUTS", (0.5, 0.5))


@pytest.fixture
def well(settings: Settings, no_tokens: None) -> Iterator[Well]:
    """A server that answers every API of WeCom, and the archive's bridge beside it."""
    with a_well_wecom() as found:
        settings.WECOM_API_BASE_URL = found.server.url
        settings.WECOM_ARCHIVE_BRIDGE_URL = f"{found.server.url}msgaudit/chatdata"
        settings.WECOM_ZONE_BRIDGE_URL = f"{found.server.url}chatdata"
        yield found
