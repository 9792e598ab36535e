"""By what logs may still name somebody who was erased, until the next pass over them."""

import django.utils.timezone
import kit.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("members", "0020_who_meets_stages_and_lists")]

    operations = [
        migrations.CreateModel(
            name="ErasureTrail",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", kit.fields.PublicIdField()),
                ("words", kit.fields.SealedTextField()),
                ("made_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
        ),
    ]
