"""The live socket of a guide's screens: forwards hints, carries no data, ends with the session.

Audiences are derived from the account on the server; what the other side sends is ignored.
"""

from __future__ import annotations

import asyncio
from importlib import import_module
from typing import Any

from channels.auth import get_user
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from django.conf import settings
from django.http import Http404

from kit.fields import shown_id
from stores.org.access import guide_of
from stores.org.models import Account, Role, Store

CHECK_SECONDS = 30
# The page goes to sign-in on this code; on every other it connects again.
NO_LONGER_WELCOME = 4401


class TabletConsumer(AsyncJsonWebsocketConsumer):
    """One open screen. Joins `guide.<id>` and the `store.<id>` of its scope."""

    check_seconds: float = CHECK_SECONDS

    async def connect(self) -> None:
        self.audiences: frozenset[str] = frozenset()
        self.watch: asyncio.Task[None] | None = None
        audiences = await audiences_of(self.scope.get("user"))
        # Accepted first: a browser hides the code of a refused handshake.
        await self.accept()
        if not audiences:
            await self.close(NO_LONGER_WELCOME)
            return
        await self._listen_to(audiences)
        self.watch = asyncio.create_task(self._keep_watch())

    async def disconnect(self, code: int) -> None:
        if self.watch is not None:
            self.watch.cancel()
        await self._listen_to(frozenset())

    async def receive(self, *args: Any, **kwargs: Any) -> None:
        """Nothing a screen says here has a meaning, so it is not even read."""

    async def hint(self, event: dict[str, Any]) -> None:
        """Pass a hint of `kit.live` on to the screen."""
        await self.send_json({"kind": event["kind"], "subject": event["subject"]})

    async def _listen_to(self, audiences: frozenset[str]) -> None:
        for gone in self.audiences - audiences:
            await self.channel_layer.group_discard(gone, self.channel_name)
        for new in audiences - self.audiences:
            await self.channel_layer.group_add(new, self.channel_name)
        self.audiences = audiences

    async def _keep_watch(self) -> None:
        """Look at the session again and again: signed out or dismissed closes the socket."""
        while True:
            await asyncio.sleep(self.check_seconds)
            audiences = await audiences_of(await self._account_now())
            if not audiences:
                await self.close(NO_LONGER_WELCOME)
                return
            await self._listen_to(audiences)
            await self.send_json({"kind": "beat", "subject": ""})

    async def _account_now(self) -> Any:
        """The account of the session as the store has it now, not as it was at connect."""
        engine = import_module(settings.SESSION_ENGINE)
        fresh = engine.SessionStore(self.scope["session"].session_key)
        return await get_user({**self.scope, "session": fresh})


@database_sync_to_async
def audiences_of(account: Any) -> frozenset[str]:
    """What a guide's screens may hear: herself, and the stores she works in or answers for."""
    if not isinstance(account, Account):
        return frozenset()
    try:
        guide = guide_of(account)
    except Http404:
        return frozenset()
    stores = [guide.store.public_id]
    if guide.role == Role.AREA_MANAGER:
        region = Store.objects.filter(region=guide.store.region_id)
        stores = list(region.values_list("public_id", flat=True))
    return frozenset(
        {f"guide.{shown_id(guide.public_id)}", *(f"store.{shown_id(store)}" for store in stores)}
    )
