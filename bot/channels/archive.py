"""Customer groups, heard through WeCom's chat archive. The bot reads there and never speaks.

WeCom archives only the talk of licensed guides with customers who agreed; what it does not give
is not heard, and screens say where a text comes from.
"""

from __future__ import annotations

from django.conf import settings

from bot.channels.actions import ARCHIVE, hear_archive
from bot.channels.hearing import KF_APP
from bot.channels.models import ChannelCursor
from bot.understanding.models import HeardOn
from kit.actions import scope_of
from kit.actor import Actor
from wecom.gateway import Gateway, gateway_of

US = Actor.system("chat archive")
PAGE = 100
# A look that never ends would hold its worker: what is left is fetched by the next look.
_PAGES = 20


class Archive:
    """The chat archive as a channel."""

    heard_on = HeardOn.ARCHIVE
    source = "来源：会话存档"
    may_answer = False

    def is_open(self) -> bool:
        return bool(settings.WECOM_ARCHIVE_BRIDGE_URL)

    def listen(self, *, subject: str = "", token: str = "") -> int:
        """Everything after the cursor. Raises WecomError when the archive does not answer."""
        heard = 0
        for _ in range(_PAGES):
            after = self._position()
            page = _gateway().archived_messages(after, PAGE)
            if not page:
                break
            heard += hear_archive(page, after=after, by=US)
            if len(page) < PAGE:
                break
        return heard

    def _position(self) -> int:
        with scope_of(US):
            held = ChannelCursor.objects.filter(channel=ARCHIVE).first()
        return int(held.position or 0) if held is not None else 0


def _gateway() -> Gateway:
    return gateway_of(KF_APP if KF_APP in settings.WECOM_APPS else "main")
