"""Pages of WeCom and WeChat that a browser is sent to, and the service account's code exchange.

Addresses for browsers are built on the PUBLIC bases of the settings, calls on the API's.
"""

from __future__ import annotations

from urllib.parse import urlencode

import requests
from django.conf import settings

from wecom.gateway.errors import CodeUsed, Silent, Unreachable, WecomError
from wecom.gateway.transport import new_session
from wecom.gateway.types import ServiceAccountPerson


def member_authorize_url(redirect: str, state: str, *, app: str = "main") -> str:
    """Where a page inside the WeCom client sends a guide to learn who she is (document 91022)."""
    return _authorize(
        {
            "appid": settings.WECOM_CORP_ID,
            "redirect_uri": redirect,
            "response_type": "code",
            "scope": "snsapi_base",
            "state": state,
            "agentid": _agent_id(app),
        }
    )


def web_login_url(redirect: str, state: str, *, app: str = "main") -> str:
    """Where a desktop or tablet browser shows WeCom's own login (document 98152)."""
    query = {
        "login_type": "CorpApp",
        "appid": settings.WECOM_CORP_ID,
        "agentid": _agent_id(app),
        "redirect_uri": redirect,
        "state": state,
    }
    return f"{settings.WECOM_LOGIN_BASE_URL}/wwlogin/sso/login?{urlencode(query)}"


def service_account_authorize_url(redirect: str, state: str, *, silently: bool = False) -> str:
    """Where a member's phone is sent after she agreed; snsapi_userinfo, since only that scope
    gives the unionid. `silently` asks for the openid alone, without a page in between.
    """
    return _authorize(
        {
            "appid": settings.WECHAT_APP_ID,
            "redirect_uri": redirect,
            "response_type": "code",
            "scope": "snsapi_base" if silently else "snsapi_userinfo",
            "state": state,
        }
    )


def person_by_code(code: str) -> ServiceAccountPerson:
    """Who came back from the service account with this code; usable once, for five minutes.

    Raises CodeUsed for a used or made-up code, another WecomError when WeChat is unwell.
    """
    query = {
        "appid": settings.WECHAT_APP_ID,
        "secret": settings.WECHAT_APP_SECRET,
        "code": code,
        "grant_type": "authorization_code",
    }
    with new_session() as session:
        try:
            response = session.get(
                f"{settings.WECHAT_API_BASE_URL}/sns/oauth2/access_token", params=query
            )
            found = response.json()
        except requests.ConnectionError as error:
            raise Unreachable(None, type(error).__name__, api="sns/oauth2") from None
        except (requests.RequestException, ValueError) as error:
            raise Silent(None, type(error).__name__, api="sns/oauth2") from None
    number = int(found.get("errcode") or 0)
    if number or not found.get("openid"):
        # 40029 unknown, 40163 used, 42003 expired: she has to come through the page again.
        cls = CodeUsed if number in {40029, 40163, 42003, 41008} else WecomError
        raise cls(number, str(found.get("errmsg") or "no openid"), api="sns/oauth2")
    return ServiceAccountPerson(str(found["openid"]), str(found.get("unionid") or ""))


def _authorize(query: dict[str, object]) -> str:
    base = settings.WECOM_OPEN_BASE_URL
    return f"{base}/connect/oauth2/authorize?{urlencode(query)}#wechat_redirect"


def _agent_id(app: str) -> int:
    return int(settings.WECOM_APPS[app]["agent_id"])
