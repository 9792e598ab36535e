"""Facts are never changed; after five years they may go."""

from django.db import migrations

from kit.guards import ends_by_time


class Migration(migrations.Migration):
    dependencies = [
        ("stores", "0012_settled_months_stay"),
        ("kit", "0004_what_may_go_by_time"),
    ]

    operations = [
        ends_by_time("stores_touch", column="at", keep="1825 days"),
        ends_by_time("stores_purchaseline", column="sold_at", keep="1825 days"),
        ends_by_time("stores_receiptmember", column="at", keep="1825 days"),
    ]
