"""Roles of a database that somebody else runs, and what the working role may do in any database.

The working role reads and writes rows; it owns nothing, changes no table, empties none, and
cannot alter what was recorded in an append-only one.
"""

import argparse
import os
from collections.abc import Iterable

import psycopg
from psycopg import sql

from config.embedded.processes import Say

WORKING_ROLE = "brand_app"

# A trigger is the mark a ledger bears in the database itself; see kit/guards.py.
_APPEND_ONLY_TABLES = """
    SELECT tgrelid::regclass::text FROM pg_trigger
    WHERE NOT tgisinternal AND tgname LIKE '%\\_append\\_only'
"""
_WITH_PARTITIONS = """
    SELECT DISTINCT relid::regclass::text
    FROM unnest(%s::text[]) AS named (name), pg_partition_tree(named.name::regclass)
    UNION SELECT name::regclass::text FROM unnest(%s::text[]) AS named (name)
"""


def prepare_working_role(login_url: str, say: Say) -> str:
    """Make the working role in a given database and let its login act as it; give its name, or ""
    when not permitted.

    Repeating is harmless. Without the role everything works, guarded by forced row-level security
    alone.
    """
    role = sql.Identifier(WORKING_ROLE)
    try:
        with psycopg.connect(login_url) as connection:
            known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [WORKING_ROLE])
            if known.fetchone() is None:
                connection.execute(
                    sql.SQL("CREATE ROLE {} NOLOGIN NOSUPERUSER NOBYPASSRLS").format(role)
                )
            # Tried, not asked: what membership alone permits differs before and after release 16.
            act_as = sql.SQL("SET LOCAL ROLE {}").format(role)
            try:
                with connection.transaction(force_rollback=True):
                    connection.execute(act_as)
            except psycopg.errors.InsufficientPrivilege:
                connection.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(role))
                connection.execute(act_as)
    except psycopg.errors.InsufficientPrivilege:
        say(
            f"数据库账号无权建立角色 {WORKING_ROLE}，仅靠强制行级安全 / "
            f"no right to make role {WORKING_ROLE}, forced row-level security alone guards"
        )
        return ""
    return WORKING_ROLE


def grant_working_role(owner_url: str, role: str, append_only: Iterable[str] = ()) -> None:
    """Let ``role`` work in every table of the owner, present and future; run after each migrate,
    repeating is harmless.

    Tables that bear an append-only trigger and those named in ``append_only`` (with all their
    partitions) take new rows only; migrations' own table is read only; nothing may be emptied.
    """
    name = sql.Identifier(role)
    with psycopg.connect(owner_url) as owner:
        for statement in (
            "GRANT USAGE ON SCHEMA public TO {role}",
            "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
            "REVOKE TRUNCATE, REFERENCES, TRIGGER ON ALL TABLES IN SCHEMA public FROM {role}",
            "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}",
            "GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO {role}",
            "ALTER DEFAULT PRIVILEGES IN SCHEMA public"
            " GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {role}",
            "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {role}",
        ):
            owner.execute(sql.SQL(statement).format(role=name))
        guarded = [row[0] for row in owner.execute(_APPEND_ONLY_TABLES)]
        named = [*guarded, *append_only]
        for (table,) in owner.execute(_WITH_PARTITIONS, [named, named]).fetchall():
            parts = sql.SQL(table)
            owner.execute(sql.SQL("REVOKE UPDATE, DELETE ON {} FROM {}").format(parts, name))
        migrations = owner.execute("SELECT to_regclass('django_migrations')::text").fetchone()
        if migrations is not None and migrations[0] is not None:
            owner.execute(
                sql.SQL("REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM {}").format(name)
            )


def main() -> None:
    """``python -m config.embedded.roles ROLE``: the step of a deployment that follows migrate."""
    parser = argparse.ArgumentParser(prog="python -m config.embedded.roles")
    parser.add_argument("role", help="the role that web and workers log in or act as")
    role = parser.parse_args().role
    owner_url = os.environ.get("DATABASE_OWNER_URL") or os.environ["DATABASE_URL"]
    grant_working_role(owner_url, role)


if __name__ == "__main__":
    main()
