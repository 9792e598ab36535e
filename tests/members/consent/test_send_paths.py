"""Every way by which something reaches a customer, and who asks her permission on it, twice.

A new way without a word in `config.reaches.REACHES` fails here, before it sends anything.
"""

from __future__ import annotations

import ast
from pathlib import Path

from config.reaches import ASKED, REACHES
from config.switchboard import VETOES
from tests.house.floors import ROOT, product_files
from wecom.outbox.models import Kind

# Calls that put words before a customer; they stand in the couriers of the outbox alone.
SENDING = {"send_welcome", "create_mass_send", "send_kf_message", "create_moment"}


def test_every_kind_of_row_says_how_her_permission_stands_behind_it() -> None:
    assert set(REACHES) == set(Kind.values)
    assert all(len(why) > 10 for why in REACHES.values())


def test_what_needs_permission_is_asked_again_by_a_veto() -> None:
    assert {kind for kind, why in REACHES.items() if why == ASKED} <= set(VETOES)
    assert all(VETOES.values())


def _callers(name: str) -> set[str]:
    """`file:function` of every place that calls something of this name."""
    found = set()
    for path in product_files():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef):
                found |= {
                    f"{Path(path).relative_to(ROOT)}:{node.name}"
                    for call in ast.walk(node)
                    if isinstance(call, ast.Call)
                    and isinstance(call.func, ast.Name)
                    and call.func.id == name
                }
    return found


def test_texts_are_sent_for_her_own_doing_only() -> None:
    """No marketing goes out by SMS: codes she asked for, and that her phone is about to change."""
    assert _callers("sms_gateway") == {
        "members/registration/inbound.py:send_code",
        "members/registration/inbound.py:tell_old_phone",
    }


def test_nobody_sends_past_the_outbox() -> None:
    past = []
    for path in product_files():
        place = str(Path(path).relative_to(ROOT))
        if place.startswith(("wecom/gateway", "wecom/outbox", "wecom/sandbox")):
            continue
        past += [
            f"{place}: {node.attr}"
            for node in ast.walk(ast.parse(Path(path).read_text()))
            if isinstance(node, ast.Attribute) and node.attr in SENDING
        ]
    assert past == []
