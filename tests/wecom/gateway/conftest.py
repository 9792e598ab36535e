"""The unwell WeCom in the settings' place of the real one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from tests.wecom.gateway.unwell import Unwell, an_unwell_wecom
from wecom.gateway import transport


@pytest.fixture
def unwell(
    settings: Settings, no_tokens: None, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Unwell]:
    """A server whose answers the test decides; the gateway waits for it half a second at most."""
    monkeypatch.setattr(transport, "TIMEOUTS", (0.5, 0.5))
    with an_unwell_wecom() as server:
        settings.WECOM_API_BASE_URL = server.url
        yield server
