"""WeChat and a phone for every test of this floor that asks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from tests.members.wechat import Phone, WechatWorld, sms_phone
from tests.sandbox import running_sandbox


@pytest.fixture(scope="session")
def sandbox_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WechatWorld]:
    with running_sandbox(tmp_path_factory.mktemp("sandbox")) as sandbox:
        yield WechatWorld(sandbox.url)


@pytest.fixture
def wechat(sandbox_process: WechatWorld, settings: Settings) -> WechatWorld:
    """WeChat and WeCom as this test meets them."""
    settings.WECOM_API_BASE_URL = f"{sandbox_process.base}/sandbox/cgi-bin/"
    settings.WECOM_OPEN_BASE_URL = f"{sandbox_process.base}/sandbox"
    settings.WECHAT_API_BASE_URL = f"{sandbox_process.base}/sandbox"
    return sandbox_process


@pytest.fixture
def phone(settings: Settings) -> Iterator[Phone]:
    """Where one-time codes arrive."""
    with sms_phone() as found:
        settings.SMS_GATEWAY_URL = found.url
        settings.SMS_GATEWAY_KEY = "gateway-key"
        yield found
