"""OAuth: single-use codes for five minutes, and the grants that codes are changed into."""

import sqlite3

from wecom.sandbox.world import World

CODE_LIFE_S = 300
TICKET_LIFE_S = 1800
GRANT_LIFE_S = 7200
MEMBER, CUSTOMER = 1, 2


def issue_code(
    world: World, *, kind: str, subject: str, subject_type: int, app_id: str, scope: str
) -> str:
    """A fresh code: ``corp`` for WeCom's own OAuth, ``service`` for the service account."""
    code = world.ids.new("oauth_code", 43)
    world.store.run(
        "INSERT INTO oauth_code VALUES (?, ?, ?, ?, ?, ?, ?, NULL)",
        code,
        kind,
        subject,
        subject_type,
        app_id,
        scope,
        world.clock.now() + CODE_LIFE_S,
    )
    return code


def spend_code(world: World, code: str, kind: str) -> sqlite3.Row | str:
    """The code's row, once; else ``unknown``, ``used`` or ``expired``."""
    row = world.store.row("SELECT * FROM oauth_code WHERE code = ? AND kind = ?", code, kind)
    if row is None:
        return "unknown"
    if row["used_at"] is not None:
        return "used"
    if row["expires_at"] < world.clock.now():
        return "expired"
    world.store.run("UPDATE oauth_code SET used_at = ? WHERE code = ?", world.clock.now(), code)
    return row


def issue_grant(
    world: World, *, kind: str, subject: str, scope: str, life_s: float = GRANT_LIFE_S
) -> str:
    """A token that stands for one person (user_ticket, sns access_token)."""
    token = world.ids.new(f"grant_{kind}", 120)
    world.store.run(
        "INSERT INTO oauth_grant VALUES (?, ?, ?, ?, ?)",
        token,
        kind,
        subject,
        scope,
        world.clock.now() + life_s,
    )
    return token


def find_grant(world: World, token: str, kind: str) -> sqlite3.Row | None:
    """The grant, unless unknown or expired."""
    return world.store.row(
        "SELECT * FROM oauth_grant WHERE token = ? AND kind = ? AND expires_at >= ?",
        token,
        kind,
        world.clock.now(),
    )
