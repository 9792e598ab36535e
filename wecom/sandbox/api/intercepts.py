"""Rules against words (wecom.md 5.12)."""

import json
from sqlite3 import Row
from typing import Any

from wecom.sandbox.store import pack
from wecom.sandbox.truth import intercepts, people
from wecom.sandbox.wire import reading
from wecom.sandbox.wire.errors import ApiError
from wecom.sandbox.wire.registry import Call, endpoint

NAME_CHARS = 20
MOST_WORDS, WORD_CHARS = 300, 32
MOST_MEMBERS = 1000


def rule_of(call: Call) -> Row:
    """The rule named in the request; only the application that made it may."""
    rule_id = reading.text(call.body, "rule_id", missing=41070)
    row = call.world.store.row("SELECT * FROM intercept_rule WHERE rule_id = ?", rule_id)
    if row is None or row["agent_id"] != call.app["agent_id"]:
        raise ApiError(41068)
    return row


def read_words(body: dict[str, Any]) -> list[str]:
    """At most 300 words of 1 to 32 letters."""
    words = reading.texts(body, "word_list", most=MOST_WORDS, too_many=41069)
    if any(not 1 <= len(word) <= WORD_CHARS for word in words):
        raise ApiError(41069)
    return words


def read_semantics(body: dict[str, Any]) -> list[int]:
    """Phone numbers (1), mail addresses (2), red packets (3)."""
    found = reading.numbers(body, "semantics_list")
    if not set(found) <= set(intercepts.SEMANTICS):
        raise ApiError(40058, "invalid semantics_list")
    return found


def read_members(call: Call, wanted: dict[str, Any]) -> dict[str, list[Any]]:
    """Whom the rule binds: members in range, departments."""
    users = reading.texts(wanted, "user_list", most=MOST_MEMBERS)
    for userid in users:
        if not people.is_visible(call.world, call.app, userid):
            raise ApiError(60111)
    return {"user_list": users, "department_list": reading.numbers(wanted, "department_list")}


@endpoint("externalcontact/add_intercept_rule", contacts=True)
def add_rule(call: Call) -> dict[str, Any]:
    """A new rule for some members."""
    body = call.body
    rule: dict[str, Any] = {
        "rule_name": reading.text(body, "rule_name", missing=41076, chars=NAME_CHARS),
        "word_list": read_words(body),
        "semantics_list": read_semantics(body),
        "intercept_type": reading.number(body, "intercept_type", low=1, high=2),
        "applicable_range": read_members(call, reading.mapping(body, "applicable_range")),
    }
    if not rule["word_list"] and not rule["semantics_list"]:
        raise ApiError(41069, "word_list and semantics_list are both empty")
    if not any(rule["applicable_range"].values()):
        raise ApiError(41077)
    rule_id = call.world.ids.new("intercept_rule", 32, "ir")
    call.world.store.run(
        "INSERT INTO intercept_rule VALUES (?, ?, ?, ?)",
        rule_id,
        call.app["agent_id"],
        pack(rule),
        call.world.clock.second(),
    )
    return {"rule_id": rule_id}


@endpoint("externalcontact/get_intercept_rule_list", contacts=True)
def list_rules(call: Call) -> dict[str, Any]:
    """This application's rules by name."""
    rows = call.world.store.rows(
        "SELECT * FROM intercept_rule WHERE agent_id = ? ORDER BY created_at, rule_id",
        call.app["agent_id"],
    )
    return {
        "rule_list": [
            {
                "rule_id": row["rule_id"],
                "rule_name": json.loads(row["body"])["rule_name"],
                "create_time": row["created_at"],
            }
            for row in rows
        ]
    }


@endpoint("externalcontact/get_intercept_rule", contacts=True)
def get_rule(call: Call) -> dict[str, Any]:
    """One rule; what it looks for besides words is nested."""
    row = rule_of(call)
    rule = json.loads(row["body"])
    semantics = rule.pop("semantics_list")
    return {
        "rule": {"rule_id": row["rule_id"]} | rule | {"extra_rule": {"semantics_list": semantics}}
    }


@endpoint("externalcontact/update_intercept_rule", contacts=True)
def update_rule(call: Call) -> dict[str, Any]:
    """Change a rule; members come and go by lists of their own."""
    row, body = rule_of(call), call.body
    rule = json.loads(row["body"])
    name = reading.text(body, "rule_name", chars=NAME_CHARS)
    rule["rule_name"] = name or rule["rule_name"]
    if body.get("word_list") is not None:
        rule["word_list"] = read_words(body)
    extra = reading.mapping(body, "extra_rule")
    if extra:
        rule["semantics_list"] = read_semantics(extra)
    rule["intercept_type"] = reading.number(
        body, "intercept_type", rule["intercept_type"], low=1, high=2
    )
    come = read_members(call, reading.mapping(body, "add_applicable_range"))
    go = reading.mapping(body, "remove_applicable_range")
    for name in ("user_list", "department_list"):
        gone = go.get(name) or []
        kept = [each for each in rule["applicable_range"][name] if each not in gone]
        rule["applicable_range"][name] = list(dict.fromkeys([*kept, *come[name]]))
    call.world.store.run(
        "UPDATE intercept_rule SET body = ? WHERE rule_id = ?", pack(rule), row["rule_id"]
    )
    return {}


@endpoint("externalcontact/del_intercept_rule", contacts=True)
def delete_rule(call: Call) -> dict[str, Any]:
    """The rule is gone."""
    call.world.store.run("DELETE FROM intercept_rule WHERE rule_id = ?", rule_of(call)["rule_id"])
    return {}
