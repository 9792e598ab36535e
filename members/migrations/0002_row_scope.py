"""Who meets which member: row-level security, and what nobody changes any more."""

from django.db import migrations

from kit.guards import append_only, covers, row_scope, row_scope_through

# A guide of the entity meets a contact as its last guide or as one of its friends; the friendship's
# own scope decides the second, so that this policy and that one do not ask each other in a circle.
STORE_OF_GUIDE = "(SELECT g.store_id FROM stores_guide g WHERE g.id = guide_id)"
CONTACT_SCOPE = f"""
ALTER TABLE members_contact ENABLE ROW LEVEL SECURITY;
ALTER TABLE members_contact FORCE ROW LEVEL SECURITY;
CREATE POLICY members_contact_scope ON members_contact USING (
  {covers(store=STORE_OF_GUIDE, guide="guide_id", member="member_id")}
  OR EXISTS (SELECT 1 FROM members_friendship f WHERE f.contact_id = members_contact.id)
);
"""
CONTACT_FREE = """
DROP POLICY members_contact_scope ON members_contact;
ALTER TABLE members_contact NO FORCE ROW LEVEL SECURITY;
ALTER TABLE members_contact DISABLE ROW LEVEL SECURITY;
"""

# A draft may be edited; what people have read and agreed to may not.
PUBLISHED_NOTICE = """
CREATE FUNCTION refuse_change_of_published() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.published_at IS NOT NULL THEN
    RAISE EXCEPTION 'a published notice is never changed' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN COALESCE(NEW, OLD);
END $$;
CREATE TRIGGER members_notice_published BEFORE UPDATE OR DELETE ON members_notice
  FOR EACH ROW EXECUTE FUNCTION refuse_change_of_published();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("members", "0001_the_first_tables"),
        ("kit", "0002_scope_and_refusal"),
    ]

    operations = [
        row_scope("members_member", store="home_store_id", guide="owner_id", member="id"),
        row_scope_through("members_identity", parent="members_member", column="member_id"),
        row_scope_through("members_consentevent", parent="members_member", column="member_id"),
        row_scope_through("members_consentstate", parent="members_member", column="member_id"),
        row_scope_through("members_consentproof", parent="members_consentevent", column="event_id"),
        row_scope(
            "members_friendship",
            store="(SELECT g.store_id FROM stores_guide g WHERE g.id = guide_id)",
            guide="guide_id",
        ),
        migrations.RunSQL(CONTACT_SCOPE, CONTACT_FREE),
        row_scope_through("members_suggestion", parent="members_contact", column="contact_id"),
        row_scope(
            "members_registration", store="store_id", guide="guide_id", member="member_id"
        ),
        row_scope_through(
            "members_onetimecode", parent="members_registration", column="registration_id"
        ),
        row_scope_through("members_coupon", parent="members_member", column="member_id"),
        append_only("members_consentevent"),
        migrations.RunSQL(
            PUBLISHED_NOTICE,
            "DROP TRIGGER members_notice_published ON members_notice;"
            "DROP FUNCTION refuse_change_of_published();",
        ),
    ]
