"""Guards that stand in PostgreSQL itself, as migration operations: row scope, append-only ledgers.

The policies read `scope.*`, which actions and doors set from the actor; unset means no row.
"""

from __future__ import annotations

from django.db.migrations import RunSQL

SCOPE_FUNCTION = RunSQL(
    """
    CREATE FUNCTION scope_covers(store bigint, guide bigint, member bigint) RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE AS $$
      SELECT current_setting('scope.everything', true) = 'on'
        OR store = ANY (string_to_array(
             NULLIF(current_setting('scope.stores', true), ''), ',')::bigint[])
        OR guide = NULLIF(current_setting('scope.guide', true), '')::bigint
        OR member = NULLIF(current_setting('scope.member', true), '')::bigint
    $$;
    CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
    END $$;
    """,
    "DROP FUNCTION refuse_change(); DROP FUNCTION scope_covers(bigint, bigint, bigint);",
)


def row_scope(
    table: str, *, store: str = "NULL", guide: str = "NULL", member: str = "NULL"
) -> RunSQL:
    """Rows exist only for actors whose scope covers the store, the guide or the member named.

    Arguments are column names (or SQL expressions). The policy also binds the table's owner.
    """
    covers = f"(SELECT scope_covers({store}, {guide}, {member}))"
    return _policy(table, covers)


def row_scope_through(table: str, *, parent: str, column: str) -> RunSQL:
    """Rows exist where the row they point at exists for the actor; the parent has its own scope."""
    seen = f"SELECT 1 FROM {parent} p WHERE p.id = {table}.{column}"  # noqa: S608 - names in code
    return _policy(table, f"current_setting('scope.everything', true) = 'on' OR EXISTS ({seen})")


def append_only(table: str) -> RunSQL:
    """No row of the table is ever changed or deleted, whoever asks."""
    return RunSQL(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}"
        " FOR EACH ROW EXECUTE FUNCTION refuse_change()",
        f"DROP TRIGGER {table}_append_only ON {table}",
    )


def _policy(table: str, condition: str) -> RunSQL:
    return RunSQL(
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;"
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY;"
        f"CREATE POLICY {table}_scope ON {table} USING ({condition}) WITH CHECK ({condition})",
        f"DROP POLICY {table}_scope ON {table};"
        f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY;"
        f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY",
    )
