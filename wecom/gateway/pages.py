"""Calls behind web pages: who comes through WeCom's login, signatures for the side bar."""

from __future__ import annotations

import secrets
import time
from hashlib import sha1

from wecom.gateway.chapters import Chapter
from wecom.gateway.types import JsSignature, MemberLogin


class PageCalls(Chapter):
    """Logins and the JS-SDK."""

    def member_by_code(self, code: str) -> MemberLogin:
        """Who holds this login code: usable once, for five minutes. Raises CodeUsed."""
        found = self._ask("auth/getuserinfo", code=code)
        return MemberLogin(
            userid=found.text("userid", "UserId").lower(),
            external_userid=found.text("external_userid"),
            ticket=found.text("user_ticket"),
        )

    def jsapi_signature(self, url: str, *, of_app: bool = True) -> JsSignature:
        """The signature for one page; what stands behind `#` does not count (document 90506).

        `of_app` for agentConfig (the application's ticket), else for config (the corp's).
        """
        ticket = (
            self._client.ticket("agent_ticket", "ticket/get", type="agent_config")
            if of_app
            else self._client.ticket("corp_ticket", "get_jsapi_ticket")
        )
        nonce, timestamp = secrets.token_hex(8), int(time.time())
        page = url.split("#", 1)[0]
        text = f"jsapi_ticket={ticket}&noncestr={nonce}&timestamp={timestamp}&url={page}"
        return JsSignature(
            corp_id=self._client.corp_id,
            agent_id=self.agent_id,
            timestamp=timestamp,
            nonce=nonce,
            signature=sha1(text.encode(), usedforsecurity=False).hexdigest(),
        )
