"""Who meets which group and task: the guide they belong to, the store's manager, HQ."""

from django.db import migrations

from kit.guards import row_scope, row_scope_through

STORE_OF_GUIDE = "(SELECT g.store_id FROM stores_guide g WHERE g.id = guide_id)"


class Migration(migrations.Migration):
    dependencies = [
        ("groups", "0001_the_first_tables"),
        ("kit", "0002_scope_and_refusal"),
        ("members", "0002_row_scope"),
    ]

    operations = [
        row_scope("groups_group", store="store_id", guide="owner_id"),
        row_scope_through("groups_groupmember", parent="groups_group", column="group_id"),
        row_scope("groups_pushtask", store=STORE_OF_GUIDE, guide="guide_id"),
        row_scope_through("groups_delivery", parent="groups_pushtask", column="task_id"),
    ]
