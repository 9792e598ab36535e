"""The papers say what is: links lead somewhere, commands exist, promised tests stand."""

from __future__ import annotations

import re

from django.core.management import get_commands

from tests.house.floors import ROOT, files


def test_links_of_the_papers_lead_somewhere() -> None:
    dead = []
    for path in files(".md"):
        dead += [
            f"{path.relative_to(ROOT)} → {target}"
            for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", path.read_text())
            if "://" not in target and not (path.parent / target).exists()
        ]
    assert dead == []


def test_commands_of_the_papers_exist() -> None:
    makefile = (ROOT / "Makefile").read_text()
    known = get_commands()
    missing = []
    for path in files(".md"):
        text = path.read_text()
        missing += [
            f"{path.name}: make {name}"
            for name in re.findall(r"`make ([a-z]+)", text)
            if not re.search(rf"^{name}:", makefile, re.M)
        ]
        missing += [
            f"{path.name}: manage.py {name}"
            for name in re.findall(r"manage\.py ([a-z_]+)", text)
            if name not in known
        ]
    assert missing == []


def test_promised_tests_stand() -> None:
    named = re.findall(r"`(tests/[\w/.]+)`", (ROOT / "SECURITY.md").read_text())
    assert named
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_make_help_is_short() -> None:
    targets = re.findall(r"^([a-z]+):.*##", (ROOT / "Makefile").read_text(), re.M)
    assert 6 <= len(targets) <= 12


def test_every_dependency_says_why() -> None:
    section = re.search(
        r"dependencies = \[\n(.*?)^\]", (ROOT / "pyproject.toml").read_text(), re.S | re.M
    )
    assert section is not None
    silent = [line for line in section.group(1).splitlines() if line.strip() and "#" not in line]
    assert silent == []


def test_locks_have_hashes_and_no_addresses() -> None:
    for name in ("demo", "dev"):
        text = (ROOT / "requirements" / f"{name}.lock").read_text()
        assert "://" not in text
        assert text.count("--hash=sha256:") > text.count("==")
