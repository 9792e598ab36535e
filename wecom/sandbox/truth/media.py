"""Uploaded files: three days for media, for ever for pictures of uploadimg."""

import sqlite3
from collections.abc import Sequence

from wecom.sandbox.world import World

LIFE_S = 3 * 86400
# Where a file came from decides where it may be used.
PLAIN, PICTURE, FOR_MOMENTS, FOR_PRODUCTS = "media", "img", "moments", "products"
BY_URL, VOICE_OF_PAGE = "by_url", "jssdk"


def keep(
    world: World, *, kind: str, type: str, filename: str, content_type: str, data: bytes
) -> str:
    """Store a file and give its id; ``kind`` says by which upload it came."""
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
    if row["kind"] != PICTURE and row["created_at"] + LIFE_S < world.clock.now():
        return None
    return row


def is_usable(world: World, media_id: str, type: str, *, kinds: Sequence[str] = (PLAIN,)) -> bool:
    """Whether a message may refer to the id: alive, of the right type and upload."""
    row = world.store.row("SELECT kind, type, created_at FROM media WHERE media_id = ?", media_id)
    return (
        row is not None
        and row["kind"] in kinds
        and row["type"] == type
        and row["created_at"] + LIFE_S >= world.clock.now()
    )
