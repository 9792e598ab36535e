"""Pages of WeCom and WeChat that a browser is sent to, and the service account's code exchange.

Addresses for browsers are built on the PUBLIC bases of the settings, calls on the API's.
"""

from __future__ import annotations

from urllib.parse import urlencode

from django.conf import settings

from wecom.gateway import tokenless
from wecom.gateway.errors import CodeUsed, WecomError
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
    url = f"{settings.WECHAT_API_BASE_URL}/sns/oauth2/access_token"
    try:
        found = tokenless.ask("sns/oauth2", "GET", url, params=query)
    except WecomError as error:
        # 40163 is WeChat's word for used; of WeCom's own codes the rest mean the same here: she has
        # to come through the page again.
        if error.code in {40029, 40163, 42003, 41008}:
            raise CodeUsed(error.code, error.message, api=error.api) from None
        raise
    return ServiceAccountPerson(found.key("openid"), found.text("unionid"))


def _authorize(query: dict[str, object]) -> str:
    base = settings.WECOM_OPEN_BASE_URL
    return f"{base}/connect/oauth2/authorize?{urlencode(query)}#wechat_redirect"


def _agent_id(app: str) -> int:
    return int(settings.WECOM_APPS[app]["agent_id"])
