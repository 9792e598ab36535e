"""Who holds the browser: named in the address, by a cookie, or by the window a phone opened."""

from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from starlette.requests import Request

from wecom.sandbox.world import World

PHONE_COOKIE, MEMBER_COOKIE = "sandbox_phone", "sandbox_member"


@dataclass(frozen=True)
class Person:
    """A member or a customer who opened a page."""

    id: str
    is_member: bool


def find_person(world: World, name: str) -> Person | None:
    """The person of an id, customers first."""
    if not name:
        return None
    if world.store.value("SELECT 1 FROM customer WHERE external_userid = ?", name):
        return Person(name, is_member=False)
    userid = world.store.value("SELECT userid FROM member WHERE userid = ? AND status != 5", name)
    return Person(str(userid), is_member=True) if userid else None


def named_person(request: Request) -> Person | None:
    """``as=`` of the address, or the cookie of a caller that is no browser.

    A browser is asked by script instead, since two phones may stand side by side in it.
    """
    world: World = request.app.state.world
    named = find_person(world, request.query_params.get("as", ""))
    if named is not None or "text/html" in request.headers.get("accept", ""):
        return named
    return cookie_person(request, members=True) or cookie_person(request, members=False)


def cookie_person(request: Request, *, members: bool) -> Person | None:
    """The person of the last phone or client that was opened in this browser."""
    world: World = request.app.state.world
    cookie = request.cookies.get(MEMBER_COOKIE if members else PHONE_COOKIE, "")
    found = find_person(world, cookie)
    return found if found is not None and found.is_member == members else None


def add_query(url: str, **more: str) -> str:
    """An address with more parameters, its fragment kept at the end."""
    parts = urlsplit(url)
    query = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] not in more]
    query += more.items()
    return urlunsplit(parts._replace(query=urlencode(query)))


def local_address(request: Request) -> str:
    """The request's own path and query, without host, for links on its page."""
    query = request.url.query
    return request.url.path + (f"?{query}" if query else "")
