"""The question store of 微信客服: groups and intents (wecom.md 7.5)."""

import json
from collections.abc import Sequence
from sqlite3 import Row
from typing import Any

from wecom.sandbox.store import pack
from wecom.sandbox.wire import reading
from wecom.sandbox.wire.cards import entries
from wecom.sandbox.wire.errors import ApiError
from wecom.sandbox.wire.registry import Call, endpoint

NAME_CHARS = 12
QUESTION_CHARS, ANSWER_CHARS = 200, 500
MOST_SIMILAR = 100
PAGE = 1000


def group_of(call: Call) -> Row:
    """The group named in the request."""
    group_id = reading.text(call.body, "group_id", missing=40063)
    ensure_default(call)
    row = call.world.store.row("SELECT * FROM kf_knowledge_group WHERE group_id = ?", group_id)
    if row is None:
        raise ApiError(40058, "invalid group_id")
    return row


def ensure_default(call: Call) -> None:
    """Every corp has one group from the beginning."""
    call.world.store.run(
        "INSERT OR IGNORE INTO kf_knowledge_group VALUES (?, '默认分组', 1)",
        call.world.ids.derive("kf_knowledge", "default", 32, "kg"),
    )


def page_of(call: Call, kind: str, rows: Sequence[Row], limit: int, key: str) -> dict[str, Any]:
    """Cursor and whether there is more."""
    more = len(rows) > limit
    cursor = reading.write_cursor(kind, rows[limit - 1][key]) if more else ""
    return {"next_cursor": cursor, "has_more": int(more)}


@endpoint("kf/knowledge/add_group")
def add_group(call: Call) -> dict[str, Any]:
    """A new group."""
    name = reading.text(call.body, "name", missing=40063, chars=NAME_CHARS)
    group_id = call.world.ids.new("kf_knowledge_group", 32, "kg")
    call.world.store.run("INSERT INTO kf_knowledge_group VALUES (?, ?, 0)", group_id, name)
    return {"group_id": group_id}


@endpoint("kf/knowledge/mod_group")
def rename_group(call: Call) -> dict[str, Any]:
    """Another name; the default group keeps its own."""
    row = group_of(call)
    if row["is_default"]:
        raise ApiError(40058, "default group cannot be modified")
    name = reading.text(call.body, "name", missing=40063, chars=NAME_CHARS)
    call.world.store.run(
        "UPDATE kf_knowledge_group SET name = ? WHERE group_id = ?", name, row["group_id"]
    )
    return {}


@endpoint("kf/knowledge/del_group")
def delete_group(call: Call) -> dict[str, Any]:
    """The group and its intents are gone; the default group stays."""
    row = group_of(call)
    if row["is_default"]:
        raise ApiError(40058, "default group cannot be deleted")
    call.world.store.run("DELETE FROM kf_intent WHERE group_id = ?", row["group_id"])
    call.world.store.run("DELETE FROM kf_knowledge_group WHERE group_id = ?", row["group_id"])
    return {}


@endpoint("kf/knowledge/list_group")
def list_groups(call: Call) -> dict[str, Any]:
    """One group, or all."""
    ensure_default(call)
    wanted = reading.text(call.body, "group_id")
    limit = reading.page_size(call.body, most=PAGE, default=500)
    rows = call.world.store.rows(
        "SELECT * FROM kf_knowledge_group WHERE group_id > ? AND (? = '' OR group_id = ?)"
        " ORDER BY group_id LIMIT ?",
        reading.cursor_of(call, "kfgroups"),
        wanted,
        wanted,
        limit + 1,
    )
    groups = [
        {"group_id": row["group_id"], "name": row["name"], "is_default": row["is_default"]}
        for row in rows[:limit]
    ]
    return page_of(call, "kfgroups", rows, limit, "group_id") | {"group_list": groups}


def read_line(part: dict[str, Any], chars: int) -> dict[str, Any]:
    """A question or the words of an answer."""
    reading.text(reading.mapping(part, "text"), "content", missing=44004, chars=chars)
    return part


def read_intent(call: Call, before: dict[str, Any]) -> dict[str, Any]:
    """Question, those like it, one answer; what is absent stays as it was."""
    body = dict(before)
    if call.body.get("question") or not before:
        body["question"] = read_line(reading.mapping(call.body, "question"), QUESTION_CHARS)
    if call.body.get("similar_questions") is not None:
        similar = reading.mapping(call.body, "similar_questions")
        for item in entries(similar, "items", most=MOST_SIMILAR):
            read_line(item, QUESTION_CHARS)
        body["similar_questions"] = similar
    if call.body.get("answers") or not before:
        answers = entries(call.body, "answers", required=True, most=1)
        read_line(answers[0], ANSWER_CHARS)
        entries(answers[0], "attachments", most=4)
        body["answers"] = answers
    return body


def intent_of(call: Call) -> Row:
    """The intent named in the request."""
    intent_id = reading.text(call.body, "intent_id", missing=40063)
    row = call.world.store.row("SELECT * FROM kf_intent WHERE intent_id = ?", intent_id)
    if row is None:
        raise ApiError(40058, "invalid intent_id")
    return row


@endpoint("kf/knowledge/add_intent")
def add_intent(call: Call) -> dict[str, Any]:
    """A new question with its answer."""
    group = group_of(call)
    body = read_intent(call, {})
    intent_id = call.world.ids.new("kf_intent", 32, "ki")
    call.world.store.run(
        "INSERT INTO kf_intent VALUES (?, ?, ?)", intent_id, group["group_id"], pack(body)
    )
    return {"intent_id": intent_id}


@endpoint("kf/knowledge/mod_intent")
def change_intent(call: Call) -> dict[str, Any]:
    """Change parts of a question."""
    row = intent_of(call)
    body = read_intent(call, json.loads(row["body"]))
    call.world.store.run(
        "UPDATE kf_intent SET body = ? WHERE intent_id = ?", pack(body), row["intent_id"]
    )
    return {}


@endpoint("kf/knowledge/del_intent")
def delete_intent(call: Call) -> dict[str, Any]:
    """The question is gone."""
    row = intent_of(call)
    call.world.store.run("DELETE FROM kf_intent WHERE intent_id = ?", row["intent_id"])
    return {}


@endpoint("kf/knowledge/list_intent")
def list_intents(call: Call) -> dict[str, Any]:
    """Questions of one group, one question, or all."""
    group, intent = reading.text(call.body, "group_id"), reading.text(call.body, "intent_id")
    limit = reading.page_size(call.body, most=PAGE, default=500)
    rows = call.world.store.rows(
        "SELECT * FROM kf_intent WHERE intent_id > ? AND (? = '' OR group_id = ?)"
        " AND (? = '' OR intent_id = ?) ORDER BY intent_id LIMIT ?",
        reading.cursor_of(call, "kfintents"),
        group,
        group,
        intent,
        intent,
        limit + 1,
    )
    listed = [
        {"group_id": row["group_id"], "intent_id": row["intent_id"]} | json.loads(row["body"])
        for row in rows[:limit]
    ]
    return page_of(call, "kfintents", rows, limit, "intent_id") | {"intent_list": listed}
