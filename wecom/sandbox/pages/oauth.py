"""OAuth pages: the service account's, WeCom's own, web login; and the service account's API."""

from collections.abc import Callable
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from wecom.sandbox.truth import codes, lists, people
from wecom.sandbox.wire.door import meet_fault
from wecom.sandbox.wire.errors import ApiError
from wecom.sandbox.world import World

from .identity import Person, add_query, cookie_person, local_address, named_person
from .rendering import render, render_refusal

Reader = Callable[[World, dict[str, str]], dict[str, object]]


def service_account(world: World) -> dict[str, str]:
    """The brand's service account: app_id, secret, name."""
    account: dict[str, str] = world.store.setting("service_account", {}) or {}
    return account


def is_trusted(world: World, redirect_uri: str) -> bool:
    """Whether an application's trusted domain, when one is set, is the address's host."""
    domains = world.store.column("SELECT trusted_domain FROM app WHERE trusted_domain != ''")
    return not domains or urlsplit(redirect_uri).netloc in domains


async def authorize(request: Request) -> Response:
    """The page behind an OAuth link: back with a code, at once when it is clear who asks."""
    world: World = request.app.state.world
    query = request.query_params
    app_id, redirect_uri = query.get("appid", ""), query.get("redirect_uri", "")
    is_corp = app_id == world.corp_id
    if not is_corp and app_id != service_account(world).get("app_id"):
        return render_refusal(request, "appid 不正确（40013）", 400)
    if urlsplit(redirect_uri).scheme not in ("http", "https"):
        return render_refusal(request, "redirect_uri 不正确", 400)
    if query.get("response_type") != "code":
        return render_refusal(request, "response_type 必须为 code", 400)
    if is_corp and not is_trusted(world, redirect_uri):
        return render_refusal(request, "redirect_uri 与应用的可信域名不一致（50001）", 400)
    person = named_person(request)
    if person is None or (person.is_member and not is_corp):
        return ask_who(request, members=is_corp, customers=True)
    if needs_consent(request, is_corp=is_corp):
        return render(
            request,
            "consent.html",
            account=service_account(world).get("name") or "服务号",
            agree=add_query(local_address(request), agreed="1"),
            refuse=add_query(redirect_uri, state=query.get("state", "")),
        )
    return go_back(request, person, "corp" if is_corp else "service")


def needs_consent(request: Request, *, is_corp: bool) -> bool:
    """Whether the customer is asked before her profile is told (a switch)."""
    world: World = request.app.state.world
    query = request.query_params
    return (
        world.switches.on.oauth_consent_page
        and not is_corp
        and query.get("scope") == "snsapi_userinfo"
        and query.get("agreed") != "1"
    )


def go_back(request: Request, person: Person, kind: str) -> Response:
    """Redirect with a fresh code and the state."""
    world: World = request.app.state.world
    query = request.query_params
    code = codes.issue_code(
        world,
        kind=kind,
        subject=person.id,
        subject_type=codes.MEMBER if person.is_member else codes.CUSTOMER,
        app_id=query.get("appid", ""),
        scope=query.get("scope") or "snsapi_base",
    )
    more = {"code": code} | ({"state": query["state"]} if "state" in query else {})
    return RedirectResponse(add_query(query["redirect_uri"], **more), 302)


def ask_who(request: Request, *, members: bool, customers: bool) -> Response:
    """The page that finds out by script which phone or client opened it, or lets choose."""
    world: World = request.app.state.world
    search = request.query_params.get("q", "")
    known = cookie_person(request, members=members and not customers)
    here = local_address(request)
    return render(
        request,
        "choose.html",
        members=lists.find_members(world, search) if members else [],
        customers=lists.find_customers(world, search) if customers else [],
        search=search,
        here=here,
        link=lambda name: add_query(here, **{"as": name}),
        kept=[
            (key, value)
            for key, value in request.query_params.multi_items()
            if key not in ("q", "as")
        ],
        roles=" ".join(
            role for role, wanted in (("client", members), ("phone", customers)) if wanted
        ),
        known=known.id if known else "",
        refuse="",
    )


async def web_login(request: Request) -> Response:
    """Web login: a member is chosen, as if he had scanned the code with his client."""
    world: World = request.app.state.world
    query = request.query_params
    redirect_uri = query.get("redirect_uri", "")
    if query.get("appid") != world.corp_id:
        return render_refusal(request, "appid 不正确（40013）", 400)
    agent_id = query.get("agentid", "")
    app = world.store.row(
        "SELECT * FROM app WHERE agent_id = CAST(? AS INTEGER) AND NOT disabled", agent_id
    )
    if app is None:
        return render_refusal(request, "agentid 不正确（40056）", 400)
    if urlsplit(redirect_uri).scheme not in ("http", "https") or not is_trusted(
        world, redirect_uri
    ):
        return render_refusal(request, "redirect_uri 与授权回调域不一致（50001）", 400)
    person = named_person(request)
    if person is not None and person.is_member:
        if not people.is_visible(world, app, person.id):
            return render_refusal(request, "该成员不在应用的可见范围内", 403)
        return go_back(request, person, "corp")
    search = query.get("q", "")
    here = local_address(request)
    return render(
        request,
        "login.html",
        app=app,
        members=lists.find_members(world, search),
        search=search,
        here=here,
        link=lambda name: add_query(here, **{"as": name}),
        kept=[(key, value) for key, value in query.multi_items() if key not in ("q", "as")],
        refuse=add_query(redirect_uri, state=query.get("state", "")),
    )


async def change_code(request: Request) -> Response:
    """sns/oauth2/access_token: a code becomes openid and, where allowed, unionid."""
    return await answer_sns(request, "sns/oauth2/access_token", read_code)


async def show_profile(request: Request) -> Response:
    """sns/userinfo: nickname, picture and unionid of somebody who agreed."""
    return await answer_sns(request, "sns/userinfo", read_profile)


async def answer_sns(request: Request, path: str, read: Reader) -> Response:
    """Errors of the service account's API: errcode in a 200 answer."""
    world: World = request.app.state.world
    try:
        refused = await meet_fault(world, path)
        return refused or JSONResponse(read(world, dict(request.query_params)))
    except ApiError as error:
        return JSONResponse({"errcode": error.code, "errmsg": error.text})


def read_code(world: World, query: dict[str, str]) -> dict[str, object]:
    """Check everything the vendor checks and spend the code."""
    account = service_account(world)
    if query.get("appid") != account.get("app_id"):
        raise ApiError(40013, "invalid appid")
    if query.get("secret") != account.get("secret"):
        raise ApiError(40125, "invalid appsecret")
    if query.get("grant_type") != "authorization_code":
        raise ApiError(40002, "invalid grant_type")
    if not query.get("code"):
        raise ApiError(41008, "missing code")
    row = codes.spend_code(world, query["code"], "service")
    if isinstance(row, str):
        texts = {"unknown": (40029, "invalid code"), "expired": (42003, "code expired")}
        raise ApiError(*texts.get(row, (40163, "code been used")))
    answer: dict[str, object] = {
        "access_token": codes.issue_grant(
            world, kind="sns", subject=row["subject"], scope=row["scope"]
        ),
        "expires_in": codes.GRANT_LIFE_S,
        "refresh_token": codes.issue_grant(
            world, kind="sns_refresh", subject=row["subject"], scope=row["scope"]
        ),
        "openid": people.openid_of(world, row["app_id"], row["subject"]),
        "scope": row["scope"],
    }
    told = world.switches.on.unionid_scope == "any" or row["scope"] == "snsapi_userinfo"
    if told and world.is_bound:
        answer["unionid"] = unionid_of(world, row["subject"])
    return answer


def unionid_of(world: World, external_userid: str) -> str:
    """The person's unionid."""
    return str(
        world.store.value("SELECT unionid FROM customer WHERE external_userid = ?", external_userid)
    )


def read_profile(world: World, query: dict[str, str]) -> dict[str, object]:
    """The profile behind an sns access_token with scope snsapi_userinfo."""
    grant = codes.find_grant(world, query.get("access_token", ""), "sns")
    if grant is None:
        raise ApiError(40001, "invalid credential, access_token is invalid or not latest")
    app_id = service_account(world).get("app_id", "")
    if query.get("openid") != people.openid_of(world, app_id, grant["subject"]):
        raise ApiError(40003, "invalid openid")
    if grant["scope"] != "snsapi_userinfo":
        raise ApiError(48001, "api unauthorized")
    customer = people.find_customer(world, grant["subject"])
    profile: dict[str, object] = {
        "openid": query["openid"],
        "nickname": customer["name"],
        "sex": 0,
        "headimgurl": customer["avatar"],
        "privilege": [],
    }
    return profile | ({"unionid": customer["unionid"]} if world.is_bound else {})


ROUTES = [
    Route("/sandbox/connect/oauth2/authorize", authorize),
    Route("/sandbox/sns/oauth2/access_token", change_code),
    Route("/sandbox/sns/userinfo", show_profile),
    Route("/sandbox/wwlogin/sso/login", web_login),
    Route("/sandbox/wwopen/sso/qrConnect", web_login),
]
