"""微信客服: the one channel where a server may answer a customer, 1:1, after she wrote."""

from __future__ import annotations

from django.conf import settings

from bot.channels.actions import hear_kf, kf_channel
from bot.channels.hearing import KF_APP
from bot.channels.models import ChannelCursor
from bot.understanding.models import HeardOn
from kit.actions import scope_of
from kit.actor import Actor
from wecom.gateway import Gateway, KfMessage, gateway_of

US = Actor.system("customer service")
# A look that never ends would hold its worker: what is left is fetched by the next look.
_PAGES = 50
# In these states nobody of the shop is talking with her.
_UNSERVED = frozenset({"new", "bot", "ended"})


class CustomerService:
    """微信客服 as a channel."""

    heard_on = HeardOn.KF
    source = "来源：微信客服"
    may_answer = True

    def is_open(self) -> bool:
        return KF_APP in settings.WECOM_APPS

    def listen(self, *, subject: str = "", token: str = "") -> int:
        """Everything new of the account `subject`; goes on while WeCom says there is more.

        An empty page may have more behind it (document 94670). The token of the callback lifts a
        strict limit; it is good for ten minutes.
        """
        gateway = gateway_of(KF_APP)
        heard = 0
        after = self._position(subject)
        for _ in range(_PAGES):
            page = gateway.kf_messages(subject, after, token)
            heard += hear_kf(
                page.messages,
                open_kfid=subject,
                after=after,
                next_cursor=page.next_cursor,
                served=_whom_colleagues_serve(gateway, page.messages),
                by=US,
            )
            after = page.next_cursor or after
            if not page.has_more:
                break
        return heard

    def _position(self, open_kfid: str) -> str:
        with scope_of(US):
            held = ChannelCursor.objects.filter(channel=kf_channel(open_kfid)).first()
        return held.position if held is not None else ""


def _whom_colleagues_serve(gateway: Gateway, messages: tuple[KfMessage, ...]) -> dict[str, bool]:
    """Asked once for each customer of a page: the bot does not talk over a colleague."""
    asking = {
        (m.open_kfid, m.external_userid)
        for m in messages
        if m.origin == "customer" and m.external_userid
    }
    return {
        customer: gateway.kf_state(open_kfid, customer).state not in _UNSERVED
        for open_kfid, customer in sorted(asking)
    }
