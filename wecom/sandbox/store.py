"""The sandbox's one SQLite file: a connection, transactions, and short reads.

Everything runs on one event loop in one thread, so a statement never waits for another
one; nothing here may be held across an ``await``.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

# One file per subject; the core's tables come first, the others may index them.
SCHEMA = Path(__file__).with_name("schema")
_TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"


def whole_schema() -> str:
    """Every table and index, the core's first."""
    parts = sorted(SCHEMA.glob("*.sql"), key=lambda part: (part.stem != "core", part.stem))
    return "\n".join(part.read_text(encoding="utf-8") for part in parts)


class Store:
    """A connection to one sandbox file; an empty file gets its tables."""

    def __init__(self, path: str) -> None:
        if path != ":memory:":
            Path(path).parent.mkdir(parents=True, exist_ok=True)
        self.db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self.db.row_factory = sqlite3.Row
        self.db.execute("PRAGMA journal_mode = WAL")
        # The file outlives a killed process, not a power cut: enough for a sandbox.
        self.db.execute("PRAGMA synchronous = OFF")
        self._add_missing_columns()
        self.db.executescript(whole_schema())

    def _add_missing_columns(self) -> None:
        """A file of an earlier version has the tables, but not columns that came since."""
        with closing(sqlite3.connect(":memory:")) as fresh:
            fresh.executescript(whole_schema())
            tables = [row[0] for row in fresh.execute(_TABLES)]
            wanted = {
                table: fresh.execute(f"PRAGMA table_info({table})").fetchall() for table in tables
            }
        for table, columns in wanted.items():
            has = {row["name"] for row in self.db.execute(f"PRAGMA table_info({table})")}
            for _, name, kind, is_needed, default, _ in columns if has else []:
                if name not in has:
                    rule = f"NOT NULL DEFAULT {default}" if is_needed else ""
                    self.db.execute(f"ALTER TABLE {table} ADD COLUMN {name} {kind} {rule}")

    def close(self) -> None:
        """Close the file; repeating is harmless."""
        self.db.close()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """All or nothing. Inside another one it joins the outer transaction."""
        if self.db.in_transaction:
            yield
            return
        self.db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self.db.execute("ROLLBACK")
            raise
        self.db.execute("COMMIT")

    def run(self, sql: str, *args: object) -> int:
        """Execute and give the number of rows changed."""
        return self.db.execute(sql, args).rowcount

    def insert(self, sql: str, *args: object) -> int:
        """Execute an INSERT and give the new row's number."""
        return int(self.db.execute(sql, args).lastrowid or 0)

    def run_many(self, sql: str, rows: Iterable[tuple[object, ...] | dict[str, object]]) -> int:
        """Execute once per row and give the number of rows changed."""
        return self.db.executemany(sql, rows).rowcount

    def rows(self, sql: str, *args: object) -> list[sqlite3.Row]:
        """All rows of a query."""
        return self.db.execute(sql, args).fetchall()

    def row(self, sql: str, *args: object) -> sqlite3.Row | None:
        """The first row of a query, or None."""
        found: sqlite3.Row | None = self.db.execute(sql, args).fetchone()
        return found

    def value(self, sql: str, *args: object) -> Any:
        """The first column of the first row, or None."""
        found = self.db.execute(sql, args).fetchone()
        return None if found is None else found[0]

    def column(self, sql: str, *args: object) -> list[Any]:
        """The first column of every row."""
        return [row[0] for row in self.db.execute(sql, args)]

    def count(self, table: str) -> int:
        """How many rows a table of ours has."""
        return int(self.value(f"SELECT count(*) FROM {table}"))  # noqa: S608 - our own names

    def setting(self, key: str, default: Any = None) -> Any:
        """A stored setting, or the default."""
        text = self.value("SELECT value FROM setting WHERE key = ?", key)
        return default if text is None else json.loads(text)

    def put_setting(self, key: str, value: Any) -> None:
        """Store a setting; the last one wins."""
        self.run(
            "INSERT INTO setting VALUES (?, ?)"
            " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            key,
            json.dumps(value, ensure_ascii=False),
        )

    def empty(self) -> None:
        """Forget everything."""
        names = self.column(_TABLES)
        with self.writing():
            for name in names:
                self.run(f"DELETE FROM {name}")  # noqa: S608 - names come from the schema
            self.run("DELETE FROM sqlite_sequence")


def json_list(values: Iterable[object]) -> str:
    """Values for ``IN (SELECT value FROM json_each(?))``: one parameter, however many."""
    return json.dumps(list(values))


def pack(value: object) -> str:
    """JSON as it is stored and compared: compact, Chinese kept readable."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
