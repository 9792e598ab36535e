"""Rows that name customers, for whoever may see everybody: this floor knows no stores."""

from django.db import migrations

from kit.guards import row_scope


class Migration(migrations.Migration):
    dependencies = [
        ("wecom", "0006_links_moments_and_what_may_be_heard"),
    ]

    operations = [
        row_scope("wecom_acquisitioncustomer"),
        row_scope("wecom_momentpublication"),
        row_scope("wecom_archiveconsent"),
        row_scope("wecom_keywordhit"),
    ]
