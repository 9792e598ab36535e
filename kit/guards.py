"""Guards that stand in PostgreSQL itself, as migration operations: row scope, append-only ledgers.

The policies read `scope.*`, which actions and doors set from the actor; unset means no row.
"""

from __future__ import annotations

from django.db.migrations import RunSQL

REFUSAL_FUNCTION = RunSQL(
    """
    CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
    END $$;
    """,
    "DROP FUNCTION refuse_change();",
)

TIME_FUNCTION = RunSQL(
    """
    CREATE FUNCTION refuse_change_before_time() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE since timestamptz := (to_jsonb(OLD) ->> TG_ARGV[0])::timestamptz;
    BEGIN
      IF TG_OP = 'DELETE' AND since < now() - TG_ARGV[1]::interval THEN
        RETURN OLD;
      END IF;
      RAISE EXCEPTION '% is kept for % after %', TG_TABLE_NAME, TG_ARGV[1], TG_ARGV[0]
        USING ERRCODE = 'restrict_violation';
    END $$;
    """,
    "DROP FUNCTION refuse_change_before_time();",
)


def row_scope(
    table: str, *, store: str = "NULL", guide: str = "NULL", member: str = "NULL"
) -> RunSQL:
    """Rows exist only for actors whose scope covers the store, the guide or the member named.

    Arguments are column names (or SQL expressions). The policy also binds the table's owner.
    """
    return _policy(table, covers(store=store, guide=guide, member=member))


def covers(*, store: str = "NULL", guide: str = "NULL", member: str = "NULL") -> str:
    """The SQL condition that the actor's scope covers a row with these columns.

    Settings stand in uncorrelated subqueries: PostgreSQL reads them once per query, not per row.
    """
    conditions = ["(SELECT current_setting('scope.everything', true) = 'on')"]
    if store != "NULL":
        keys = "string_to_array(NULLIF(current_setting('scope.stores', true), ''), ',')"
        conditions.append(f"{store} = ANY ((SELECT {keys}::bigint[])::bigint[])")
    for column, setting in ((guide, "scope.guide"), (member, "scope.member")):
        if column != "NULL":
            value = f"NULLIF(current_setting('{setting}', true), '')::bigint"
            conditions.append(f"{column} = (SELECT {value})")
    return " OR ".join(conditions)


def row_scope_through(table: str, *, parent: str, column: str) -> RunSQL:
    """Rows exist where the row they point at exists for the actor; the parent has its own scope."""
    seen = f"SELECT 1 FROM {parent} p WHERE p.id = {table}.{column}"  # noqa: S608 - names in code
    return _policy(table, f"{covers()} OR EXISTS ({seen})")


def append_only(table: str) -> RunSQL:
    """No row of the table is ever changed or deleted, whoever asks."""
    return RunSQL(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}"
        " FOR EACH ROW EXECUTE FUNCTION refuse_change()",
        f"DROP TRIGGER {table}_append_only ON {table}",
    )


def ends_by_time(table: str, *, column: str, keep: str) -> RunSQL:
    """No row is ever changed; it may be deleted once `column` lies `keep` (an interval) back.

    Replaces `append_only` where the law also says when a record has to go.
    """
    return RunSQL(
        f"DROP TRIGGER IF EXISTS {table}_append_only ON {table};"
        f"CREATE TRIGGER {table}_ends_by_time BEFORE UPDATE OR DELETE ON {table}"
        f" FOR EACH ROW EXECUTE FUNCTION refuse_change_before_time('{column}', '{keep}')",
        f"DROP TRIGGER {table}_ends_by_time ON {table};",
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
