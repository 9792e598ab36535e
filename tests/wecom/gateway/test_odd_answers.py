"""F-10: whatever comes back, the gateway gives a value or a WecomError, and nothing else.

By default a handful of changed answers for each call, always the same ones; with
WECOM_ODD_ANSWERS=all every field of every answer is replaced by every odd thing.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import settings as trials
from hypothesis import strategies as st
from pytest_django import Settings

from tests.wecom.gateway.calls import CALLS
from tests.wecom.gateway.wellwecom import FILES, Well
from wecom.gateway import Retry, Unintelligible, WecomError, client, gateway_of
from wecom.gateway.answers import Answer
from wecom.gateway.limits import ApiLimits

_GONE: Final = object()
_ODD: Final[list[Any]] = [
    _GONE, None, "", "文字", 0, -1, 1.5, 10**30, True, [], [None], ["x"], [[]], {}, {"x": 1},
]  # fmt: skip
_HOW_MANY: Final = 6
# Codes are the client's business and have tests of their own.
_LEFT_ALONE: Final = ("gettoken", *FILES)


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where something stands in an answer."""
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    for name, one in inner:
        yield (*path, name)
        if isinstance(one, dict | list):
            yield from _places(one, (*path, name))


def _with(answer: dict[str, Any], path: tuple[Any, ...], odd: Any) -> dict[str, Any]:
    changed = deepcopy(answer)
    inner: Any = changed
    for name in path[:-1]:
        inner = inner[name]
    if odd is _GONE:
        del inner[path[-1]]
    else:
        inner[path[-1]] = deepcopy(odd)
    return changed


def _changes(name: str, answer: dict[str, Any]) -> list[tuple[tuple[Any, ...], Any]]:
    every = [(path, odd) for path in _places(answer) for odd in _ODD]
    if os.environ.get("WECOM_ODD_ANSWERS") == "all":
        return every
    chosen = random.Random(name)  # noqa: S311 - the same ones in every run
    return chosen.sample(every, min(_HOW_MANY, len(every)))


def _is_of_ours(value: Any) -> bool:
    """Only plain values and frozen types of ours, all the way down."""
    if is_dataclass(value):
        return all(_is_of_ours(getattr(value, field.name)) for field in fields(value))
    if isinstance(value, list | tuple):
        return all(_is_of_ours(one) for one in value)
    if isinstance(value, dict):
        return all(isinstance(key, str) for key in value)
    return value is None or isinstance(value, str | int | float | bytes | date | datetime)


def _outcome(call: Callable[[Any], Any]) -> Any:
    """What a call gives, or the WecomError it raises; anything else it raises comes through."""
    try:
        return call(gateway_of())
    except WecomError as error:
        return error


def test_no_odd_answer_brings_a_call_down(
    well: Well, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    monkeypatch.setattr(client, "_PAUSES", ())
    windows = {field.name for field in fields(ApiLimits)} - {"in_flight", "minute_seconds"}
    settings.WECOM_LIMITS = {api: dict.fromkeys(windows, 0) for api in well.answers}
    refused = 0
    for name, call in CALLS.items():
        first = len(well.server.heard)
        call(gateway_of())
        apis = {one.api for one in well.server.heard[first:]} - set(_LEFT_ALONE)
        for api in sorted(apis):
            whole = well.answers[api]
            for path, odd in _changes(f"{name} {api}", whole):
                well.answers[api] = _with(whole, path, odd)
                try:
                    found = _outcome(call)
                except Exception as error:
                    raise AssertionError((name, api, path, odd)) from error
                refused += isinstance(found, WecomError)
                assert _is_of_ours(found) or found.retry is Retry.ASK, (name, path, odd, found)
            well.answers[api] = whole
    assert refused > 20


def test_a_write_without_its_key_may_have_been_made(well: Well) -> None:
    well.answers["externalcontact/add_msg_template"] = {"fail_list": []}
    with pytest.raises(Unintelligible) as caught:
        CALLS["create_mass_send"](gateway_of())
    assert caught.value.retry is Retry.ASK
    assert "msgid" in str(caught.value)
    assert well.server.count("externalcontact/add_msg_template") == 1


_ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@trials(max_examples=150, deadline=None, database=None)
@given(_ANYTHING)
def test_each_reader_gives_its_kind_or_says_no(value: Any) -> None:
    answer = Answer({"it": value}, "api")
    readers: dict[Callable[[str], Any], type] = {
        answer.key: str,
        answer.userid: str,
        answer.text: str,
        answer.number: int,
        answer.flag: bool,
        answer.at: datetime,
        answer.at_milliseconds: datetime,
        answer.day: date,
        answer.texts: tuple,
        answer.userids: tuple,
        answer.numbers: tuple,
        answer.part: Answer,
    }
    for read, kind in readers.items():
        try:
            assert isinstance(read("it"), kind)
        except Unintelligible:
            continue
    raw = answer.raw()["it"]
    assert "\0" not in repr(raw)
    str(raw).encode()
