"""Figures read from credits what refunds left, and whether the store was open."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("stores", "0005_who_proposed_a_rule")]

    operations = [
        migrations.AddField(
            "credit",
            "kept",
            models.BigIntegerField("退货后（分）", default=0),
            preserve_default=False,
        ),
        migrations.AddField("credit", "was_open", models.BooleanField("营业时间内", null=True)),
        migrations.AddIndex(
            "touch",
            models.Index(fields=["store_no", "kind", "at"], name="touches_of_store_in_time"),
        ),
    ]
