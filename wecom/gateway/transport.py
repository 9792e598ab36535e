"""The one way out: every request, the token's included, gets time limits, a log line, its address.

An adapter mounted on wechatpy's session, since that library sets no time limit and writes the
token's address into its code.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import requests
import structlog
from django.conf import settings
from requests.adapters import HTTPAdapter

log = structlog.get_logger(__name__)
# At DEBUG it writes whole addresses, and with them tokens and secrets.
logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)

# Seconds to connect, and to wait for the next byte.
TIMEOUTS: Final = (5.0, 15.0)
WECOM: Final = "https://qyapi.weixin.qq.com/cgi-bin/"
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})


class Way(HTTPAdapter):
    """Sends a request to where the settings say WeCom is. Never retries by itself.

    The log has method, path, status and milliseconds; the query holds secrets and stays out.
    """

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,  # noqa: FBT001, FBT002 - the library's signature
        timeout: Any = None,
        verify: bool | str = True,  # noqa: FBT001, FBT002
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """One exchange. Raises what requests raises."""
        request.url = to_our_wecom(request.url or "")
        parts = urlsplit(request.url)
        begun = time.perf_counter()
        status = 0
        try:
            response = super().send(
                request,
                stream=stream,
                timeout=timeout or TIMEOUTS,
                verify=verify,
                cert=cert,
                # A proxy that leads outside cannot lead to this machine.
                proxies={} if parts.hostname in _LOOPBACK else dict(proxies or {}),
            )
            status = response.status_code
            return response
        finally:
            log.info(
                "wecom_call",
                method=request.method,
                path=parts.path,
                status=status,
                ms=round((time.perf_counter() - begun) * 1000),
            )


def to_our_wecom(url: str) -> str:
    """The same address below WECOM_API_BASE_URL; the sandbox's in demos and tests."""
    base = str(settings.WECOM_API_BASE_URL).rstrip("/") + "/"
    return base + url[len(WECOM) :] if url.startswith(WECOM) else url


def new_session() -> requests.Session:
    """A session whose every request goes this way."""
    session = requests.Session()
    mount(session)
    return session


def mount(session: requests.Session) -> None:
    """Make an existing session (wechatpy's) go this way."""
    way = Way(pool_connections=4, pool_maxsize=16)
    session.mount("https://", way)
    session.mount("http://", way)
