"""A second client library of other hands (asynchronous, its own types) talks to the sandbox."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator

import pytest
from wecomkit import WeComConfig
from wecomkit.client import AsyncWeComClient
from wecomkit.exceptions import WeComAPIError

from tests.wecom.sandbox.world import CORP, GUIDE_SECRET, LIN, ZHOU, Api

GUIDE_AGENT = 1000002
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


@pytest.fixture
async def client(api: Api) -> AsyncIterator[AsyncWeComClient]:
    """The library as the guide application."""
    address = f"{str(api.client.base_url).rstrip('/')}/sandbox"
    found = AsyncWeComClient(WeComConfig(CORP, GUIDE_SECRET, base_url=address))
    yield found
    await found.close()


async def test_departments_and_members(client: AsyncWeComClient) -> None:
    departments = (await client.departments.list())["department"]
    assert departments[0]["id"] == 1
    listed = await client.users.list_by_department(departments[-1]["id"], fetch_child=True)
    for row in listed["userlist"]:
        assert (await client.users.get(row["userid"]))["name"] == row["name"]
    assert (await client.departments.simple_list())["department_id"]


async def test_messages_and_files(api: Api, client: AsyncWeComClient) -> None:
    sent = await client.messages.send_text(GUIDE_AGENT, "看一下", to_user=f"{LIN}|{ZHOU}")
    assert sent["errcode"] == 0
    await client.messages.send_textcard(
        GUIDE_AGENT, "新任务", "请在今天确认", "https://shop.example/t", to_user=LIN
    )
    picture = await client.media.upload_bytes(PNG, "image", "a.png")
    await client.messages.send_image(GUIDE_AGENT, picture["media_id"], to_user=LIN)
    told = api.control(f"state/member/{LIN}")["app_messages"]
    kinds = [row["content"]["msgtype"] for row in told]
    assert sorted(kinds) == ["image", "text", "textcard"]


async def test_a_refusal_is_an_error_of_the_library(client: AsyncWeComClient) -> None:
    with pytest.raises(WeComAPIError) as caught:
        await client.users.get("nobody-of-this-name")
    assert caught.value.errcode == 60111
