"""The live socket: own hints only, from the server's knowledge, until the session ends."""

from __future__ import annotations

from http.cookies import SimpleCookie

import pytest
from asgiref.sync import sync_to_async
from channels.auth import AuthMiddlewareStack
from channels.layers import get_channel_layer
from django.conf import settings
from django.test import Client

from kit.fields import shown_id
from stores.org.models import Account, Guide
from stores.tablet.consumers import NO_LONGER_WELCOME, TabletConsumer
from tests.cast import Cast
from tests.stores.tablet.socket import Socket

pytestmark = pytest.mark.django_db(transaction=True)


class Impatient(TabletConsumer):
    """Looks at the session every moment instead of every half minute."""

    check_seconds = 0.02


def open_as(
    account: Account | None, consumer: type[TabletConsumer] = TabletConsumer
) -> tuple[Socket, Client]:
    client = Client()
    if account is not None:
        client.force_login(account, backend="stores.org.backends.PinBackend")
    cookies: SimpleCookie = client.cookies
    pairs = "; ".join(f"{name}={morsel.value}" for name, morsel in cookies.items())
    return Socket(AuthMiddlewareStack(consumer.as_asgi()), pairs), client


async def tell(audience: str, subject: str) -> None:
    layer = get_channel_layer()
    assert layer is not None
    await layer.group_send(audience, {"type": "hint", "kind": "task", "subject": subject})


async def test_a_guide_hears_of_herself_and_of_her_store(cast: Cast) -> None:
    socket, _ = await sync_to_async(open_as)(cast.lin.account)
    await socket.open()
    for audience in (
        f"guide.{shown_id(cast.lin.public_id)}",
        f"store.{shown_id(cast.guomao.public_id)}",
    ):
        await tell(audience, audience)
        assert await socket.hear_hint() == {"kind": "task", "subject": audience}
    await socket.leave()


async def test_she_hears_of_nobody_else_even_if_she_asks(cast: Cast) -> None:
    socket, _ = await sync_to_async(open_as)(cast.lin.account)
    await socket.open()
    await socket.say({"type": "join", "audience": f"guide.{shown_id(cast.ma.public_id)}"})
    for stranger in (
        f"guide.{shown_id(cast.zhou.public_id)}",
        f"guide.{shown_id(cast.ma.public_id)}",
        f"store.{shown_id(cast.wangjing.public_id)}",
    ):
        await tell(stranger, "not hers")
    own = f"guide.{shown_id(cast.lin.public_id)}"
    await tell(own, "hers")
    assert (await socket.hear_hint())["subject"] == "hers"
    await socket.leave()


async def test_an_area_manager_hears_every_store_of_the_region(cast: Cast) -> None:
    guide = cast.area_manager
    await Guide.objects.filter(pk=cast.ma.pk).aupdate(store=cast.guomao)
    socket, _ = await sync_to_async(open_as)(guide.account)
    await socket.open()
    await tell(f"store.{shown_id(cast.guomao.public_id)}", "east")
    assert (await socket.hear_hint())["subject"] == "east"
    await tell(f"store.{shown_id(cast.wangjing.public_id)}", "west")
    await tell(f"guide.{shown_id(guide.public_id)}", "own")
    assert (await socket.hear_hint())["subject"] == "own"
    await socket.leave()


async def test_a_stranger_is_sent_away(cast: Cast) -> None:
    for account in (None, cast.hq):
        socket, _ = await sync_to_async(open_as)(account)
        await socket.open()
        assert await socket.closing_code() == NO_LONGER_WELCOME


async def test_a_closed_account_closes_the_socket(cast: Cast) -> None:
    socket, _ = await sync_to_async(open_as)(cast.lin.account, Impatient)
    await socket.open()
    assert (await socket.hear())["kind"] == "beat"
    await Account.objects.filter(pk=cast.lin.account_id).aupdate(is_active=False)
    assert await socket.closing_code() == NO_LONGER_WELCOME


async def test_signing_out_closes_the_socket(cast: Cast) -> None:
    socket, client = await sync_to_async(open_as)(cast.lin.account, Impatient)
    await socket.open()
    assert (await socket.hear())["kind"] == "beat"
    await sync_to_async(client.logout)()
    assert await socket.closing_code() == NO_LONGER_WELCOME


async def test_who_moves_to_another_store_hears_the_new_one(cast: Cast) -> None:
    socket, _ = await sync_to_async(open_as)(cast.lin.account, Impatient)
    await socket.open()
    await Guide.objects.filter(pk=cast.lin.pk).aupdate(store=cast.wangjing)
    for _ in range(2):  # the first beat may have been on its way before the move
        assert (await socket.hear())["kind"] == "beat"
    await tell(f"store.{shown_id(cast.guomao.public_id)}", "old")
    await tell(f"store.{shown_id(cast.wangjing.public_id)}", "new")
    assert (await socket.hear_hint())["subject"] == "new"
    await socket.leave()


def test_sessions_stand_in_the_database_so_that_one_look_is_the_truth() -> None:
    assert settings.SESSION_ENGINE == "django.contrib.sessions.backends.db"
