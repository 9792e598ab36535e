"""A WeCom with corp tags, in which Lin and Zhou have customers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from tests.members.tags.builders import seed_tags
from tests.members.wechat import WechatWorld
from tests.sandbox import Sandbox

TAGS = 6


@pytest.fixture
def wecom(sandbox_process: WechatWorld, settings: Settings, no_tokens: None) -> Iterator[Sandbox]:
    settings.WECOM_API_BASE_URL = f"{sandbox_process.base}/sandbox/cgi-bin/"
    sandbox = Sandbox(sandbox_process.base)
    sandbox.reset()
    seed_tags(sandbox, TAGS)
    yield sandbox
    sandbox.close()
