"""What was settled stays as it was; a guide meets her own lines and payslips alone."""

from django.db import migrations

from kit.guards import append_only, row_scope

CLOSED = """
CREATE FUNCTION refuse_change_once_settled() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND OLD.commission IS NULL THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION '% is settled', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER stores_settlement_stays BEFORE UPDATE OR DELETE ON stores_settlement
  FOR EACH ROW EXECUTE FUNCTION refuse_change_once_settled();
"""


class Migration(migrations.Migration):
    dependencies = [("stores", "0011_settled_months")]

    operations = [
        append_only("stores_settledline"),
        append_only("stores_commission"),
        migrations.RunSQL(
            CLOSED,
            "DROP TRIGGER stores_settlement_stays ON stores_settlement;"
            "DROP FUNCTION refuse_change_once_settled()",
        ),
        row_scope("stores_settledline", store="store_no", guide="guide_no"),
        row_scope("stores_commission", store="store_no", guide="guide_no"),
    ]
