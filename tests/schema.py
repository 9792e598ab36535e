"""The migrated database, kept between runs: reading it back takes a third of the time of migrating.

What it was made of is kept beside it; a migration that came since is applied on top, one that was
changed begins everything anew.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Final

from django.utils import timezone

HERE: Final = Path(__file__).resolve().parent.parent
_KEPT: Final = HERE / ".pytest_cache" / "schema"
_FLOORS: Final = ("kit", "wecom", "stores", "members", "groups", "bot", "config")
_IMPORTED: Final = re.compile(rf"^(?:from|import) ((?:{'|'.join(_FLOORS)})[\w.]*)", re.MULTILINE)
_SECONDS: Final = 300
_MOST: Final = 4

# Files by name with their digests; the month too, since partitions go by it.
Sources = dict[str, str]


def fill(url: str, programs: Path, migrate: Callable[[], object]) -> None:
    """Bring an empty database to where `migrate` brings it; `url` logs in as superuser.

    `migrate` runs in any case: after reading back it applies what is new, and makes what follows
    from models alone. Runs that begin together wait for the first and read what it made.
    """
    _KEPT.mkdir(parents=True, exist_ok=True)
    sources = _sources()
    with (_KEPT / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        kept, made_of = _nearest(sources)
        if kept is not None:
            _run(programs / "pg_restore", "--clean", "--if-exists", f"--dbname={url}", kept)
        migrate()
        if made_of != sources:
            _keep(url, programs, sources)


def _nearest(sources: Sources) -> tuple[Path | None, Sources]:
    """The dump to which only additions came since, the fewest of them."""
    best: tuple[Path | None, Sources] = (None, {})
    for manifest in _KEPT.glob("*.json"):
        made_of = json.loads(manifest.read_text("utf-8"))
        if made_of.items() <= sources.items() and len(made_of) > len(best[1]):
            best = manifest.with_suffix(".dump"), made_of
    return best


def _keep(url: str, programs: Path, sources: Sources) -> None:
    text = json.dumps(sources)
    name = hashlib.sha256(text.encode()).hexdigest()[:24]
    _run(programs / "pg_dump", "--format=custom", f"--file={_KEPT / name}.dump", url)
    (_KEPT / f"{name}.json").write_text(text, "utf-8")
    for old in sorted(_KEPT.glob("*.json"), key=lambda file: -file.stat().st_mtime)[_MOST:]:
        old.unlink()
        old.with_suffix(".dump").unlink()


def _run(*command: str | Path) -> None:
    subprocess.run(command, check=True, timeout=_SECONDS, capture_output=True)


def _sources() -> Sources:
    """Migrations, what they import, and the packages installed."""
    migrations = {file for floor in _FLOORS for file in (HERE / floor).glob("migrations/*.py")}
    imported = {module for file in migrations for module in _imports_of(file)}
    files = migrations | imported | {HERE / "requirements" / "dev.lock"}
    found = {
        str(file.relative_to(HERE)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(files)
    }
    return {"month": f"{timezone.now():%Y-%m}", **found}


def _imports_of(file: Path) -> list[Path]:
    """Our own modules that a migration names, by their files."""
    places = [HERE / name.replace(".", "/") for name in _IMPORTED.findall(file.read_text("utf-8"))]
    both = ((place.with_suffix(".py"), place / "__init__.py") for place in places)
    return [one for pair in both for one in pair if one.exists()]
