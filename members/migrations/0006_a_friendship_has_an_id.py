"""What is sealed in a friendship is bound to an id of its own, as everywhere."""

import django.db.models
from django.db import migrations

import kit.fields


class Migration(migrations.Migration):
    dependencies = [("members", "0005_remark_of_a_friend")]

    operations = [
        migrations.AddField(
            model_name="friendship",
            name="public_id",
            field=django.db.models.UUIDField(null=True),
        ),
        # Row security binds the table's owner too.
        migrations.RunSQL(
            "SELECT set_config('scope.everything', 'on', true);"
            "UPDATE members_friendship SET public_id = gen_random_uuid() WHERE public_id IS NULL;"
            "SELECT set_config('scope.everything', '', true)",
            migrations.RunSQL.noop,
        ),
        migrations.AlterField(
            model_name="friendship",
            name="public_id",
            field=kit.fields.PublicIdField(),
        ),
    ]
