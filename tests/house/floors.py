"""The floor plan as the tests read it, lowest first, and the project's files."""

from __future__ import annotations

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FLOORS = ["kit", "wecom", "stores", "members", "groups", "bot", "config"]


def files(*endings: str) -> list[Path]:
    """Files that git knows or would add, with one of the endings."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    return sorted(
        ROOT / name for name in listed if name.endswith(endings) and (ROOT / name).is_file()
    )


def product_files() -> list[Path]:
    """Python of the floors, without migrations."""
    return [
        path
        for path in files(".py")
        if path.relative_to(ROOT).parts[0] in FLOORS and "migrations" not in path.parts
    ]
