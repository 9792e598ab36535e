"""Who sees an import's rows, and triggers that write down whose facts changed, for audiences.

The function widens the scope while it writes, so that it can name a member whom the writer does not
meet: a guide who loses a friend writes down for the counts that somebody lost one.
"""

from django.db import migrations

from kit.guards import row_scope, row_scope_through

# The transition table is called `changed`; the arguments are: what, who (an SQL expression over c),
# when (an expression, or NULL), and what to join or ask besides.
FUNCTION = """
CREATE FUNCTION note_for_audiences() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  before text := COALESCE(current_setting('scope.everything', true), '');
BEGIN
  PERFORM set_config('scope.everything', 'on', true);
  EXECUTE format(
    'INSERT INTO members_audiencechange (member_no, what, moment, transaction, at)'
    ' SELECT %2$s, %1$L, max(%3$s), pg_current_xact_id()::text::bigint, now()'
    ' FROM changed c %4$s AND %2$s IS NOT NULL GROUP BY 1',
    TG_ARGV[0], TG_ARGV[1], TG_ARGV[2], TG_ARGV[3]);
  PERFORM set_config('scope.everything', before, true);
  RETURN NULL;
END $$;
"""


def noted(table: str, what: str, who: str, *, on: str, when: str = "NULL::timestamptz", more: str = "WHERE true", part: str = "") -> migrations.RunSQL:
    """Write down whom each statement concerned. `on` names the events, each with its own trigger."""
    makes, drops = [], []
    for event in on.split():
        name = f"{table}_noted{part}_{event.lower()}"
        side = "OLD" if event == "DELETE" else "NEW"
        makes.append(
            f"CREATE TRIGGER {name} AFTER {event} ON {table} REFERENCING {side} TABLE AS changed"
            f" FOR EACH STATEMENT EXECUTE FUNCTION note_for_audiences('{what}', '{who}', '{when}', '{more}');"
        )
        drops.append(f"DROP TRIGGER {name} ON {table};")
    return migrations.RunSQL("".join(makes), "".join(drops))


OF_CONTACT = "JOIN members_contact k ON k.id = c.contact_id WHERE true"
# What counts as having been reached; a scan and a visit to a page are hers, not ours.
REACHED = "WHERE c.kind IN (''push'', ''call'', ''visit'', ''draft_sent'', ''bot_answer'', ''welcome'')"
GROUPS = "WHERE c.kind IN (''group_join'', ''group_leave'')"


class Migration(migrations.Migration):
    dependencies = [("members", "0009_audiences_and_imports")]

    operations = [
        row_scope("members_audiencechange"),
        row_scope("members_audiencefacet"),
        row_scope("members_importpiece"),
        row_scope("members_importkey"),
        row_scope_through("members_importedmember", parent="members_member", column="member_id"),
        migrations.RunSQL(FUNCTION, "DROP FUNCTION note_for_audiences();"),
        noted("members_member", "member", "c.id", on="INSERT UPDATE DELETE"),
        noted("members_consentstate", "consent", "c.member_id", on="INSERT UPDATE DELETE"),
        noted("members_contact", "friend", "c.member_id", on="INSERT UPDATE DELETE"),
        migrations.RunSQL(
            # Who was joined to the contact before: the new row does not say.
            "CREATE TRIGGER members_contact_noted_before AFTER UPDATE ON members_contact"
            " REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION"
            " note_for_audiences('friend', 'c.member_id', 'NULL::timestamptz', 'WHERE true');",
            "DROP TRIGGER members_contact_noted_before ON members_contact;",
        ),
        noted("members_friendship", "friend", "k.member_id", on="INSERT UPDATE DELETE", more=OF_CONTACT),
        noted("stores_touch", "open", "c.member_no", on="INSERT", when="c.at",
              more="WHERE c.kind = ''link_open''", part="_open"),
        noted("stores_touch", "touch", "c.member_no", on="INSERT", when="c.at", more=REACHED, part="_touch"),
        noted("stores_touch", "group", "c.member_no", on="INSERT", more=GROUPS, part="_group"),
        # A refund is noted too, as a change of what she spent, but it is no day on which she bought.
        noted("stores_purchaseline", "purchase", "c.member_no", on="INSERT",
              when="CASE WHEN c.amount > 0 THEN c.sold_at END"),
        noted("stores_receiptmember", "numbers", "c.member_no", on="INSERT"),
        noted("stores_mergedmember", "numbers", "c.member_no", on="INSERT UPDATE", part="_gone"),
        noted("stores_mergedmember", "numbers", "c.into_no", on="INSERT UPDATE", part="_kept"),
    ]
