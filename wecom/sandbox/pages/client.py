"""The guide's WeCom client: conversations, mass-send tasks, customers, groups, side bar."""

import json
from sqlite3 import Row
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from wecom.sandbox.truth import chats, friends, groups, kf, lists, mass, people
from wecom.sandbox.world import Refused, World

from . import inside, timeline
from .identity import MEMBER_COOKIE
from .rendering import render, render_refusal
from .talking import names_in, read_messages

HOME = "/sandbox/wecom"
TITLES = {
    "messages": "消息",
    "tasks": "待办",
    "customers": "客户",
    "groups": "客户群",
    "work": "工作台",
}
CANDIDATES = 200


async def choose_member(request: Request) -> Response:
    """Pick the guide whose client this is."""
    world: World = request.app.state.world
    search = request.query_params.get("q", "")
    members = lists.find_members(world, search)
    return render(request, "client_choose.html", members=members, search=search)


def frame_of(request: Request, member: Row, place: str) -> dict[str, Any]:
    """What every screen of one client is rendered with."""
    world: World = request.app.state.world
    userid = member["userid"]
    listed = lists.chats_of_member(world, userid)
    tasks = mass.tasks_of_member(world, userid)
    published = timeline.tasks_for(world, userid)
    found = groups.groups_of_person(world, userid)
    return {
        "me": member,
        "home": f"{HOME}/{userid}",
        "place": place,
        "titles": TITLES,
        "title": TITLES[place],
        "chats": listed,
        "tasks": tasks,
        "moments": published,
        "groups": found,
        "unread": sum(chat["unread"] for chat in listed),
        "waiting": sum(task["status"] == "waiting" for task in [*tasks, *published]),
        "sidebars": sidebars_for(world, userid),
        "kind": "",
        "context_id": "",
        "opened": "",
        "topics": " ".join(
            [f"member:{userid.lower()}", "tasks", "moments", "groups"]
            + [f"group:{group['chat_id']}" for group in found]
            + [f"appchat:{chat['id']}" for chat in listed if chat["kind"] == "appchat"]
        ),
    }


def sidebars_for(world: World, userid: str) -> list[dict[str, Any]]:
    """Applications with a side bar whose range holds the member."""
    apps = world.store.rows(
        "SELECT * FROM app WHERE sidebar_url != '' AND NOT disabled ORDER BY agent_id"
    )
    return [
        {"name": app["name"], "url": app["sidebar_url"]}
        for app in apps
        if people.is_visible(world, app, userid)
    ]


def find_me(request: Request) -> Row:
    """The member whose client this is."""
    return people.find_member(request.app.state.world, request.path_params["userid"])


def answer_page(request: Request, template: str, values: dict[str, Any]) -> Response:
    """A screen of the client, with the cookie that names the member to our OAuth pages."""
    answer = render(request, template, **values)
    answer.set_cookie(MEMBER_COOKIE, values["me"]["userid"], path="/sandbox/", samesite="lax")
    return answer


async def show_messages(request: Request) -> Response:
    """The list of conversations, nothing open."""
    try:
        values = frame_of(request, find_me(request), "messages")
    except Refused as error:
        return render_refusal(request, str(error))
    return answer_page(request, "client_messages.html", values)


async def show_tasks(request: Request) -> Response:
    """群发任务: the one place where a mass send is confirmed."""
    world: World = request.app.state.world
    try:
        values = frame_of(request, find_me(request), "tasks")
    except Refused as error:
        return render_refusal(request, str(error))
    userid = values["me"]["userid"]
    values["candidates"] = candidates_of(world, userid)
    for task in values["tasks"]:
        task["sample"], task["outcome"] = describe_task(world, task, userid)
    return answer_page(request, "client_tasks.html", values)


def candidates_of(world: World, userid: str) -> list[dict[str, Any]]:
    """Friends the member may send to by himself, the newest first."""
    found = friends.friends_of_member(world, userid, limit=CANDIDATES)
    return [each for each in found if each["status"] == "friends"]


def describe_task(
    world: World, task: dict[str, Any], userid: str
) -> tuple[list[dict[str, str]], dict[int, int]]:
    """Receivers to show and choose from, and how many rows ended how."""
    sample = [
        dict(row)
        for row in world.store.rows(
            "SELECT target AS id, coalesce(customer.name, group_chat.name, target) AS name"
            " FROM mass_row LEFT JOIN customer ON external_userid = target"
            " LEFT JOIN group_chat ON chat_id = target"
            " WHERE msgid = ? AND userid = ? ORDER BY target LIMIT 200",
            task["msgid"],
            userid,
        )
    ]
    outcome = {
        row["status"]: row["many"]
        for row in world.store.rows(
            "SELECT status, count(*) AS many FROM mass_row WHERE msgid = ? AND userid = ?"
            " GROUP BY status",
            task["msgid"],
            userid,
        )
    }
    return sample, outcome


async def show_customers(request: Request) -> Response:
    """The guide's customers and requests that wait; one of them opened."""
    world: World = request.app.state.world
    try:
        values = frame_of(request, find_me(request), "customers")
    except Refused as error:
        return render_refusal(request, str(error))
    userid = values["me"]["userid"]
    search = request.query_params.get("q", "")
    values["search"] = search
    values["customers"] = friends.friends_of_member(world, userid, search=search)
    opened = request.path_params.get("customer", "")
    values["customer"] = None
    if opened:
        values["customer"] = next(
            (each for each in values["customers"] if each["external_userid"] == opened), None
        )
        values["kind"], values["context_id"] = "profile", opened
        values["tags"] = tags_for(world, userid, opened)
    return answer_page(request, "client_customers.html", values)


def tags_for(world: World, userid: str, external_userid: str) -> list[dict[str, Any]]:
    """Every corp tag, and whether the friend carries it."""
    return [
        dict(row)
        for row in world.store.rows(
            "SELECT tag.tag_id, tag.name, tag_group.name AS group_name,"
            " friend_tag.tag_id IS NOT NULL AS carried FROM tag JOIN tag_group USING (group_id)"
            " LEFT JOIN friend_tag ON friend_tag.tag_id = tag.tag_id"
            " AND friend_tag.userid = ? AND friend_tag.external_userid = ?"
            " ORDER BY tag_group.ord DESC, tag_group.name, tag.ord DESC, tag.name",
            userid,
            external_userid,
        )
    ]


async def show_work(request: Request) -> Response:
    """工作台: applications, smart robots, internal groups."""
    world: World = request.app.state.world
    try:
        values = frame_of(request, find_me(request), "work")
    except Refused as error:
        return render_refusal(request, str(error))
    return answer_page(request, "client_work.html", values | inside.work_of(world, values["me"]))


async def show_groups(request: Request) -> Response:
    """Groups the guide is in; one of them opened, or the form that founds one."""
    world: World = request.app.state.world
    try:
        values = frame_of(request, find_me(request), "groups")
        opened = request.path_params.get("chat_id", "")
        values["is_new"] = opened == "new"
        opened = "" if values["is_new"] else opened
        values["group"] = groups.find_group(world, opened) if opened else None
    except Refused as error:
        return render_refusal(request, str(error))
    userid = values["me"]["userid"]
    values["inside"] = groups.members_of(world, opened) if opened else []
    already = {person["member_id"] for person in values["inside"]}
    admins = json.loads(values["group"]["admins"]) if opened else []
    values["admins"] = {admin.lower() for admin in admins}
    values["candidates"] = [
        each for each in candidates_of(world, userid) if each["external_userid"] not in already
    ]
    return answer_page(request, "client_groups.html", values)


async def show_chat(request: Request) -> Response:
    """A conversation with a customer, a group, an application or a service session."""
    world: World = request.app.state.world
    kind, name = request.path_params["kind"], request.path_params["name"]
    try:
        member = find_me(request)
        chat, head = find_chat(world, member["userid"], kind, name)
    except Refused as error:
        return render_refusal(request, str(error))
    chats.mark_seen(world, member["userid"], chat.key)
    values = frame_of(request, member, "messages") | head | {"chat": chat, "kind": kind}
    values["messages"] = read_messages(world, chat)
    viewer = head.get("viewer", member["userid"])
    values |= {
        "viewer": viewer,
        "context_id": name,
        "names": names_in(world, chat, values["messages"], viewer),
    }
    values["cards"] = inside.cards_in(world, chat, member["userid"], values["messages"])
    if chat.external_userid:
        values["topics"] += f" customer:{chat.external_userid}"
    return answer_page(request, "client_chat.html", values)


def find_chat(world: World, userid: str, kind: str, name: str) -> tuple[chats.Chat, dict[str, Any]]:
    """The conversation and the words around it; refused when it does not exist."""
    if kind == "customer":
        customer = people.find_customer(world, name)
        row = friends.find_friendship(world, userid, name)
        if row is None:
            raise Refused("还不是好友")
        return chats.single(userid, name), {
            "chat_title": row["remark"] or customer["name"],
            "chat_line": f"微信昵称：{customer['name']}",
            "act": "acts/chat",
            "body": {"from": userid, "to": name},
            "lost": row["status"] not in ("friends", "half"),
        }
    if kind == "group":
        found = groups.find_group(world, name)
        return chats.group(name), {
            "chat_title": found["name"],
            "chat_line": f"{groups.size_of(world, name)} 人 · 外部群",
            "act": "acts/chat",
            "body": {"from": userid, "chat_id": name},
            "lost": not groups.is_inside(world, name, userid),
        }
    if kind == "app":
        return inside.find_app_chat(world, userid, name)
    if kind == "appchat":
        return inside.find_internal_chat(world, userid, name)
    if kind == "robot":
        return inside.find_robot_chat(world, userid, name)
    return find_service_chat(world, userid, name)


def find_service_chat(world: World, userid: str, name: str) -> tuple[chats.Chat, dict[str, Any]]:
    """A customer-service session that this member serves: ``<open_kfid>/<customer>``."""
    open_kfid, _, external_userid = name.partition("/")
    account = kf.find_account(world, open_kfid)
    customer = people.find_customer(world, external_userid)
    return kf.chat_with(open_kfid, external_userid), {
        "chat_title": f"{account['name']} · {customer['name']}",
        "chat_line": "微信客服 · 人工接待",
        "act": "acts/kf_servicer_chat",
        "body": {"open_kfid": open_kfid, "customer": external_userid, "userid": userid},
        "viewer": open_kfid,
        "lost": False,
    }


ROUTES = [
    Route(f"{HOME}/", choose_member),
    Route(f"{HOME}/{{userid}}/", show_messages),
    Route(f"{HOME}/{{userid}}/tasks/", show_tasks),
    Route(f"{HOME}/{{userid}}/customers/", show_customers),
    Route(f"{HOME}/{{userid}}/customers/{{customer}}/", show_customers),
    Route(f"{HOME}/{{userid}}/work/", show_work),
    Route(f"{HOME}/{{userid}}/groups/", show_groups),
    Route(f"{HOME}/{{userid}}/groups/{{chat_id}}/", show_groups),
    Route(f"{HOME}/{{userid}}/chat/{{kind}}/{{name:path}}/", show_chat),
]
