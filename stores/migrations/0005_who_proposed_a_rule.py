"""A credit rule is approved by somebody else than whoever proposed it."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("stores", "0004_a_guide_reads_her_members_facts")]

    operations = [
        migrations.AddField(
            "creditrule",
            "proposed_by",
            models.CharField("提出者", max_length=120, blank=True, default=""),
            preserve_default=False,
        ),
        migrations.AlterField(
            "creditrule",
            "approved_by",
            models.ForeignKey(
                settings.AUTH_USER_MODEL,
                django.db.models.deletion.PROTECT,
                null=True,
                blank=True,
                related_name="+",
                verbose_name="批准者",
            ),
        ),
    ]
