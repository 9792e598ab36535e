"""Points are the sum of their ledger by PostgreSQL's own hand; who meets merges and points."""

from django.db import migrations

from kit.guards import append_only, covers, row_scope_through

# After the insert, so that an entry refused by `one_entry_per_occasion` moves nothing. The row of
# the account is locked by it: entries of one account are written one after another.
ENTRIES_MOVE_THEIR_ACCOUNT = """
CREATE FUNCTION add_entry_to_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE members_pointsaccount
     SET balance = balance + NEW.points,
         pending = pending + NEW.pending,
         owed = owed + NEW.owed
   WHERE id = NEW.account_id;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'no account to move' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER members_pointsentry_moves AFTER INSERT ON members_pointsentry
  FOR EACH ROW EXECUTE FUNCTION add_entry_to_account();

CREATE FUNCTION refuse_points_without_entry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NEW.balance <> 0 OR NEW.pending <> 0 OR NEW.owed <> 0 THEN
      RAISE EXCEPTION 'an account begins empty' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
  END IF;
  -- Depth 2 is the trigger above; a statement of a session is depth 1.
  IF pg_trigger_depth() < 2
     AND (NEW.balance, NEW.pending, NEW.owed) IS DISTINCT FROM (OLD.balance, OLD.pending, OLD.owed)
  THEN
    RAISE EXCEPTION 'points move by entries alone' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER members_pointsaccount_by_entries BEFORE INSERT OR UPDATE ON members_pointsaccount
  FOR EACH ROW EXECUTE FUNCTION refuse_points_without_entry();
"""
ACCOUNTS_FREE = """
DROP TRIGGER members_pointsaccount_by_entries ON members_pointsaccount;
DROP FUNCTION refuse_points_without_entry();
DROP TRIGGER members_pointsentry_moves ON members_pointsentry;
DROP FUNCTION add_entry_to_account();
"""

# Whoever is asked whether two are one sees both, or is not asked.
SEES_BOTH = f"""({covers()} OR (
  EXISTS (SELECT 1 FROM members_member p WHERE p.id = first_id)
  AND EXISTS (SELECT 1 FROM members_member p WHERE p.id = second_id)))"""
SUGGESTION_SCOPE = f"""
ALTER TABLE members_mergesuggestion ENABLE ROW LEVEL SECURITY;
ALTER TABLE members_mergesuggestion FORCE ROW LEVEL SECURITY;
CREATE POLICY members_mergesuggestion_scope ON members_mergesuggestion
  USING {SEES_BOTH} WITH CHECK {SEES_BOTH};
"""
SUGGESTION_FREE = """
DROP POLICY members_mergesuggestion_scope ON members_mergesuggestion;
ALTER TABLE members_mergesuggestion NO FORCE ROW LEVEL SECURITY;
ALTER TABLE members_mergesuggestion DISABLE ROW LEVEL SECURITY;
"""


class Migration(migrations.Migration):
    dependencies = [("members", "0017_one_person_and_her_points")]

    operations = [
        migrations.RunSQL(ENTRIES_MOVE_THEIR_ACCOUNT, ACCOUNTS_FREE),
        append_only("members_pointsentry"),
        row_scope_through("members_merge", parent="members_member", column="kept_id"),
        migrations.RunSQL(SUGGESTION_SCOPE, SUGGESTION_FREE),
        row_scope_through("members_trait", parent="members_member", column="member_id"),
        row_scope_through("members_pointsaccount", parent="members_member", column="member_id"),
        row_scope_through(
            "members_pointsentry", parent="members_pointsaccount", column="account_id"
        ),
        row_scope_through("members_pointsadjustment", parent="members_member", column="member_id"),
        row_scope_through("members_tierstanding", parent="members_member", column="member_id"),
        row_scope_through("members_couponuse", parent="members_coupon", column="coupon_id"),
        row_scope_through("members_outsidebalance", parent="members_member", column="member_id"),
        row_scope_through("members_pointsproposal", parent="members_member", column="member_id"),
        row_scope_through(
            "members_outsidedifference", parent="members_member", column="member_id"
        ),
    ]
