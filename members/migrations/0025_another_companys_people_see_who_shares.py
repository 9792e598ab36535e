"""Whoever works for a company meets its own members, and another's only while they share (PIPL 23).

A second policy that has to hold beside the first: whatever door or query asks, whoever owns the
member. It reads a column, not the permissions: a function in a policy would end parallel scans.
"""

from django.db import migrations

COPY = """
CREATE FUNCTION copy_sharing() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE shares boolean := TG_OP <> 'DELETE' AND NEW.is_granted;
BEGIN
  IF TG_OP = 'UPDATE' AND OLD.member_id <> NEW.member_id THEN
    UPDATE members_member SET is_shared = false WHERE id = OLD.member_id AND is_shared;
  END IF;
  UPDATE members_member SET is_shared = shares
    WHERE id = COALESCE(NEW.member_id, OLD.member_id) AND is_shared IS DISTINCT FROM shares;
  RETURN NULL;
END $$;
CREATE TRIGGER members_consentstate_sharing
  AFTER INSERT OR UPDATE OF is_granted, member_id ON members_consentstate
  FOR EACH ROW WHEN (NEW.purpose = 'share_entity' AND NEW.channel = '')
  EXECUTE FUNCTION copy_sharing();
CREATE TRIGGER members_consentstate_sharing_ends
  AFTER DELETE ON members_consentstate
  FOR EACH ROW WHEN (OLD.purpose = 'share_entity' AND OLD.channel = '')
  EXECUTE FUNCTION copy_sharing();
SELECT set_config('scope.everything', 'on', true);
UPDATE members_member SET is_shared = true WHERE id IN (
  SELECT member_id FROM members_consentstate
  WHERE purpose = 'share_entity' AND channel = '' AND is_granted
);
SELECT set_config('scope.everything', '', true);
CREATE POLICY members_member_entity ON members_member AS RESTRICTIVE USING (
  (SELECT coalesce(current_setting('scope.entity', true), '') = '')
  OR entity_id = (SELECT NULLIF(current_setting('scope.entity', true), '')::bigint)
  OR is_shared
);
"""
NO_MORE = """
DROP POLICY members_member_entity ON members_member;
DROP TRIGGER members_consentstate_sharing_ends ON members_consentstate;
DROP TRIGGER members_consentstate_sharing ON members_consentstate;
DROP FUNCTION copy_sharing();
"""


class Migration(migrations.Migration):
    dependencies = [("members", "0024_who_shares_is_met_elsewhere")]

    operations = [migrations.RunSQL(COPY, NO_MORE)]
