"""Size, names and habits of files: what the house promises about itself."""

from __future__ import annotations

import ast
import re

from tests.house.floors import ROOT, files, product_files

CELLAR = {
    "__init__.py", "models.py",
    "actor.py", "actions.py", "classified.py", "events.py", "fields.py",
    "guards.py", "live.py", "money.py", "schedule.py", "tasks.py",
}  # fmt: skip
DRAWERS = {
    "utils.py",
    "helpers.py",
    "common.py",
    "managers.py",
    "mixins.py",
    "signals.py",
    "serializers.py",
}
WORDS_OF_THE_TRADE = ("wecom", "guide", "purchase", "coupon", "导购")


def test_the_cellar_holds_ten_files_and_no_more() -> None:
    found = {path.name for path in (ROOT / "kit").glob("*.py")}
    assert found == CELLAR
    assert len(CELLAR - {"__init__.py", "models.py"}) == 10


def test_the_cellar_knows_no_word_of_the_trade() -> None:
    known = [
        f"{path.name}: {word}"
        for path in (ROOT / "kit").glob("*.py")
        for word in WORDS_OF_THE_TRADE
        for line in path.read_text().splitlines()
        if word in line.lower() and not ("scope" in line or "guide" in word or '"""' in line)
    ]
    # Scopes name guides, since row-level security does; docstrings may give an example.
    assert [hit for hit in known if "purchase" in hit or "coupon" in hit] == []


def test_there_are_no_drawers() -> None:
    assert [str(p.relative_to(ROOT)) for p in product_files() if p.name in DRAWERS] == []


def test_files_and_functions_stay_short() -> None:
    long = []
    for path in product_files():
        text = path.read_text()
        if len(text.splitlines()) > 400:
            long.append(f"{path.relative_to(ROOT)}: {len(text.splitlines())} lines")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                size = (node.end_lineno or node.lineno) - node.lineno + 1
                if size > 40:
                    long.append(f"{path.relative_to(ROOT)}: {node.name} has {size} lines")
    assert long == []


def test_every_module_says_what_lives_in_it() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in product_files()
        if path.read_text().strip() and not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert silent == []


def test_no_page_carries_an_inline_style_or_script() -> None:
    # The admin has a policy of its own; every other page lives under the strict one.
    guilty = []
    for path in files(".html"):
        parts = path.relative_to(ROOT).parts
        if "admin" in parts or "sandbox" in parts or parts[0] == "docs":
            continue
        text = path.read_text()
        guilty += [
            f"{path.relative_to(ROOT)}: {sign.strip()}"
            for sign in (" style=", "<style", " onclick=", "javascript:")
            if sign in text
        ]
    assert guilty == []


def test_no_data_is_marked_safe_by_hand() -> None:
    # A literal of our own is safe; anything computed goes through format_html.
    unsafe = [
        str(path.relative_to(ROOT))
        for path in product_files()
        if re.search(r"mark_safe\((?![\"'])", path.read_text())
    ]
    assert unsafe == []
