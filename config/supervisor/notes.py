"""What the demo notes about itself between starts: ports, and steps that need not be done again."""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from config.embedded.processes import write_private


class Notes:
    """A small file of notes. It only saves time: with it thrown away everything is done again,
    harmlessly.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self, name: str, default: str = "") -> str:
        """Give a note; an unreadable file reads as empty."""
        return self._all().get(name, default)

    def write(self, name: str, value: str) -> None:
        """Keep a note over the end of this process."""
        write_private(self._path, json.dumps({**self._all(), name: value}, indent=1))

    def is_done(self, step: str, with_what: str) -> bool:
        """Tell whether a step was finished with exactly this."""
        return self.read(f"done: {step}") == with_what

    def done(self, step: str, with_what: str) -> None:
        """Note that a step was finished with exactly this."""
        self.write(f"done: {step}", with_what)

    def _all(self) -> dict[str, str]:
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}


def digest(files: Iterable[Path], *words: str) -> str:
    """Name the contents of files, and words beside them, in one short text."""
    summary = hashlib.sha256("\0".join(words).encode())
    for path in sorted(files):
        if path.is_file() and "__pycache__" not in path.parts:
            summary.update(f"\0{path}\0{path.stat().st_size}\0".encode())
            summary.update(path.read_bytes())
    return summary.hexdigest()
