"""The customer's phone: conversations, contacts, scanning, the browser inside."""

from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from wecom.sandbox.truth import chats, friends, groups, kf, lists, people, transfers
from wecom.sandbox.world import Refused, World

from . import timeline
from .identity import PHONE_COOKIE
from .rendering import render, render_refusal
from .talking import names_in, read_messages

TITLES = {
    "chats": "聊天",
    "contacts": "通讯录",
    "scan": "扫一扫",
    "moments": "朋友圈",
    "me": "我",
}


async def choose_phone(request: Request) -> Response:
    """Pick a customer or create one; ``?two=1`` puts two phones side by side."""
    world: World = request.app.state.world
    query = request.query_params
    if query.get("two"):
        answer = render(
            request,
            "pair.html",
            left=query.get("left", ""),
            right=query.get("right", ""),
            opened=query.get("open", ""),
        )
        # With two phones in one browser a cookie would name only one of them.
        answer.delete_cookie(PHONE_COOKIE, path="/sandbox/")
        return answer
    customers = lists.find_customers(world, query.get("q", ""))
    return render(
        request,
        "phone_choose.html",
        customers=customers,
        search=query.get("q", ""),
        bare="bare" in query,
        opened=query.get("open", ""),
        unread_title="",
    )


def frame_of(request: Request, customer: Any, place: str) -> dict[str, Any]:
    """What every screen of one phone is rendered with."""
    world: World = request.app.state.world
    external_userid = customer["external_userid"]
    listed = lists.chats_of_customer(world, external_userid)
    return {
        "me": customer,
        "home": f"/sandbox/phone/{external_userid}",
        "place": place,
        "title": TITLES.get(place, ""),
        "titles": TITLES,
        "chats": listed,
        "unread": sum(chat["unread"] for chat in listed),
        "opened": request.query_params.get("open", ""),
        "bare": "bare" in request.query_params,
        "tail": "?bare=1" if "bare" in request.query_params else "",
        "topics": f"customer:{external_userid}",
    }


def with_phone_cookie(request: Request, answer: Response, external_userid: str) -> Response:
    """A single phone's pages leave a cookie, for windows that were not opened by it."""
    if "bare" not in request.query_params:
        answer.set_cookie(PHONE_COOKIE, external_userid, path="/sandbox/", samesite="lax")
    return answer


async def show_place(request: Request) -> Response:
    """One of the four tabs."""
    world: World = request.app.state.world
    try:
        customer = people.find_customer(world, request.path_params["customer"])
    except Refused as error:
        return render_refusal(request, str(error))
    place = request.path_params.get("place", "chats")
    if place not in TITLES:
        return render_refusal(request, "没有这一页")
    external_userid = customer["external_userid"]
    values = frame_of(request, customer, place)
    values |= FILLERS[place](world, external_userid)
    values["topics"] += TOPICS.get(place, "")
    answer = render(request, f"phone_{place}.html", **values)
    return with_phone_cookie(request, answer, external_userid)


def fill_chats(world: World, customer: str) -> dict[str, Any]:
    """Hand-overs that may still be refused stand above the conversations."""
    return {"transfers": transfers.waiting_for(world, customer)}


def fill_contacts(world: World, customer: str) -> dict[str, Any]:
    """Guides, groups, customer service."""
    return {
        "guides": guides_of(world, customer),
        "groups": groups.groups_of_person(world, customer),
        "accounts": world.store.rows("SELECT * FROM kf_account ORDER BY open_kfid LIMIT 50"),
    }


def guides_of(world: World, customer: str) -> list[dict[str, Any]]:
    """Members that stand in the customer's contacts."""
    found = friends.friends_of_customer(world, customer)
    return [each for each in found if each["status"] in IN_CONTACTS]


def fill_scan(world: World, _customer: str) -> dict[str, Any]:
    """Codes that lie about."""
    return {"codes": lists.recent_codes(world)}


def fill_moments(world: World, customer: str) -> dict[str, Any]:
    """What her guides published."""
    return {"posts": timeline.posts_for(world, customer)}


def fill_me(world: World, customer: str) -> dict[str, Any]:
    """The shop's address, and the guides whose client may be opened."""
    return {
        "shop_url": world.store.setting("shop_url", ""),
        "guides": guides_of(world, customer),
    }


FILLERS = {
    "chats": fill_chats,
    "contacts": fill_contacts,
    "scan": fill_scan,
    "moments": fill_moments,
    "me": fill_me,
}
TOPICS = {"scan": " codes", "moments": " moments"}
IN_CONTACTS = ("friends", "half", "deleted_by_member")


async def show_chat(request: Request) -> Response:
    """A conversation with a guide, a group or customer service."""
    world: World = request.app.state.world
    kind, name = request.path_params["kind"], request.path_params["name"]
    try:
        customer = people.find_customer(world, request.path_params["customer"])
        chat, head = find_chat(world, customer["external_userid"], kind, name)
    except Refused as error:
        return render_refusal(request, str(error))
    external_userid = customer["external_userid"]
    chats.mark_seen(world, external_userid, chat.key)
    values = frame_of(request, customer, "chats") | head
    values["messages"] = read_messages(world, chat)
    values["names"] = names_in(world, chat, values["messages"], external_userid)
    values["kind"] = kind
    values["topics"] += f" group:{name}" if kind == "group" else ""
    answer = render(request, "phone_chat.html", **values)
    return with_phone_cookie(request, answer, external_userid)


def find_chat(
    world: World, customer: str, kind: str, name: str
) -> tuple[chats.Chat, dict[str, Any]]:
    """The conversation and the words around it; refused when it does not exist."""
    if kind == "guide":
        member = people.find_member(world, name)
        row = friends.find_friendship(world, member["userid"], customer)
        if row is None or row["status"] in ("deleted_by_customer", "requested"):
            raise Refused("还不是好友")
        chat = chats.single(member["userid"], customer)
        body: dict[str, Any] = {"from": customer, "to": member["userid"]}
        return chat, {
            "title": member["name"],
            "subtitle": world.store.setting("corp_name", ""),
            "act": "acts/chat",
            "body": body,
            "transfers": [
                each
                for each in transfers.waiting_for(world, customer)
                if each["handover"] == member["userid"]
            ],
            "info": f"/sandbox/phone/{customer}/guide/{member['userid']}/",
        }
    if kind == "group":
        return find_group_chat(world, customer, name)
    account = kf.find_account(world, name)
    return kf.chat_with(name, customer), {
        "title": account["name"],
        "subtitle": "微信客服",
        "act": "acts/kf_chat",
        "body": {"customer": customer, "open_kfid": name},
        "info": "",
    }


def find_group_chat(world: World, customer: str, name: str) -> tuple[chats.Chat, dict[str, Any]]:
    """A group that the customer is in."""
    found = groups.find_group(world, name)
    if not groups.is_inside(world, name, customer):
        raise Refused("不在这个群里")
    return chats.group(name), {
        "title": found["name"],
        "subtitle": f"{groups.size_of(world, name)} 人",
        "act": "acts/chat",
        "body": {"from": customer, "chat_id": name},
        "info": f"/sandbox/phone/{customer}/group/{name}/",
    }


async def show_guide(request: Request) -> Response:
    """A guide's card: talk to her, or delete her."""
    world: World = request.app.state.world
    try:
        customer = people.find_customer(world, request.path_params["customer"])
        member = people.find_member(world, request.path_params["name"])
    except Refused as error:
        return render_refusal(request, str(error))
    row = friends.find_friendship(world, member["userid"], customer["external_userid"])
    values = frame_of(request, customer, "contacts")
    return render(request, "phone_guide.html", **values | {"member": member, "friendship": row})


async def show_group(request: Request) -> Response:
    """Who is inside a group, and the way out of it."""
    world: World = request.app.state.world
    name = request.path_params["name"]
    try:
        customer = people.find_customer(world, request.path_params["customer"])
        found = groups.find_group(world, name)
    except Refused as error:
        return render_refusal(request, str(error))
    values = frame_of(request, customer, "contacts") | {
        "group": found,
        "inside": groups.members_of(world, name),
    }
    values["topics"] += f" group:{name}"
    return render(request, "phone_group.html", **values)


async def open_kf(request: Request) -> Response:
    """Enter customer service from the contacts: the session event, then the conversation."""
    world: World = request.app.state.world
    customer, name = request.path_params["customer"], request.path_params["name"]
    try:
        kf.enter(world, open_kfid=name, external_userid=customer, scene="contacts")
    except Refused as error:
        return render_refusal(request, str(error))
    tail = "?bare=1" if "bare" in request.query_params else ""
    return RedirectResponse(f"/sandbox/phone/{customer}/chat/kf/{name}/{tail}", 303)


HOME = "/sandbox/phone"
ROUTES = [
    Route(f"{HOME}/", choose_phone),
    Route(f"{HOME}/{{customer}}/", show_place),
    Route(f"{HOME}/{{customer}}/{{place}}/", show_place),
    Route(f"{HOME}/{{customer}}/chat/{{kind}}/{{name}}/", show_chat),
    Route(f"{HOME}/{{customer}}/guide/{{name}}/", show_guide),
    Route(f"{HOME}/{{customer}}/group/{{name}}/", show_group),
    Route(f"{HOME}/{{customer}}/service/{{name}}/", open_kf),
]
