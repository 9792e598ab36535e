"""A push says which version of its audience's rule it was planned with."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("groups", "0005_groups_of_nobody")]

    operations = [
        migrations.AddField(
            model_name="push",
            name="audience_version",
            field=models.PositiveIntegerField(editable=False, null=True, verbose_name="人群版本"),
        ),
    ]
