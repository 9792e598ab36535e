"""The one way out: every request, the token's included, gets time limits, a log line, its address.

An adapter mounted on wechatpy's session, since that library sets no time limit and writes the
token's address into its code. What comes back is not trusted: it may be neither endless nor
elsewhere.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import requests
import structlog
import urllib3
from django.conf import settings
from requests.adapters import HTTPAdapter

log = structlog.get_logger(__name__)
# At DEBUG it writes whole addresses, and with them tokens and secrets.
logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)

# Seconds to connect, and to wait for the next byte.
TIMEOUTS: Final = (5.0, 15.0)
# Seconds for a whole answer, however steadily it drips.
LONGEST: Final = 30.0
# The largest thing WeCom gives is a file of 20 MB; a larger answer is somebody else's.
LARGEST: Final = 32 * 1024 * 1024
_BITE: Final = 64 * 1024
WECOM: Final = "https://qyapi.weixin.qq.com/cgi-bin/"
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})


class Redirected(requests.RequestException):
    """Somebody between us and WeCom sent us elsewhere; a token must not follow."""


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
        """One exchange, read whole. Raises what requests raises, and Redirected."""
        request.url = to_our_wecom(request.url or "")
        parts = urlsplit(request.url)
        begun = time.perf_counter()
        status = 0
        try:
            response = super().send(
                request,
                stream=True,
                timeout=timeout or TIMEOUTS,
                verify=verify,
                cert=cert,
                # A proxy that leads outside cannot lead to this machine.
                proxies={} if parts.hostname in _LOOPBACK else dict(proxies or {}),
            )
            status = response.status_code
            _read_whole(response, until=begun + LONGEST)
            return response
        finally:
            log.info(
                "wecom_call",
                method=request.method,
                path=parts.path,
                status=status,
                ms=round((time.perf_counter() - begun) * 1000),
            )


def _read_whole(response: requests.Response, *, until: float) -> None:
    """Read the answer here, where its size and its time have an end, and let go of the line.

    Raises Redirected for one that leads elsewhere; WeCom's API never does.
    """
    try:
        if response.is_redirect or response.is_permanent_redirect:
            raise Redirected(f"HTTP {response.status_code} to another address")
        whole = bytearray()
        # `read1` gives what has come: asked for a certain size, a dripping answer never returns.
        while piece := response.raw.read1(_BITE, decode_content=True):
            whole += piece
            if len(whole) > LARGEST:
                raise requests.exceptions.ContentDecodingError("an answer without end")
            if time.perf_counter() > until:
                raise requests.ReadTimeout("an answer that drips")
    except urllib3.exceptions.HTTPError as error:
        response.close()
        raise requests.exceptions.ChunkedEncodingError(type(error).__name__) from None
    except BaseException:
        response.close()
        raise
    # What `content` gives from now on; the library offers no other way to set it.
    response._content = bytes(whole)
    response._content_consumed = True  # type: ignore[attr-defined]


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
