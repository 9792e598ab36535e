"""Uploaded files: three days for media, for ever for pictures of uploadimg."""

import sqlite3

from wecom.sandbox.world import World

LIFE_S = 3 * 86400


def keep(
    world: World, *, kind: str, type: str, filename: str, content_type: str, data: bytes
) -> str:
    """Store a file and give its id; ``kind`` is media or img."""
    media_id = world.ids.new("media", 64)
    world.store.run(
        "INSERT INTO media VALUES (?, ?, ?, ?, ?, ?, ?)",
        media_id,
        kind,
        type,
        filename,
        content_type,
        data,
        world.clock.now(),
    )
    return media_id


def find(world: World, media_id: str) -> sqlite3.Row | None:
    """The file, unless it never was or has expired."""
    row = world.store.row("SELECT * FROM media WHERE media_id = ?", media_id)
    if row is None:
        return None
    if row["kind"] == "media" and row["created_at"] + LIFE_S < world.clock.now():
        return None
    return row


def is_usable(world: World, media_id: str, type: str) -> bool:
    """Whether an attachment may refer to the id: alive and of the right kind."""
    row = world.store.row("SELECT kind, type, created_at FROM media WHERE media_id = ?", media_id)
    return (
        row is not None
        and row["kind"] == "media"
        and row["type"] == type
        and row["created_at"] + LIFE_S >= world.clock.now()
    )
