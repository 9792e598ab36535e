"""``manage.py rotate_field_keys``: seal every sealed column again under the first of FIELD_KEYS."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from kit.actions import scope_of
from kit.actor import Actor
from members.privacy.rotating import BATCH, left_over, newest_key, rotate, sealed_fields


class Command(BaseCommand):
    help = "用新钥匙重新加密所有加密字段；随时可以中断，再运行会接着做"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--batch", type=int, default=BATCH, help="每个事务多少行")
        parser.add_argument("--count", action="store_true", help="只数还有多少没有换")

    def handle(self, *args: Any, **options: Any) -> None:
        by = Actor.system("rotation of field keys")
        if options["count"]:
            with scope_of(by):
                left = {field: left_over(field) for field in sealed_fields()}
            for field, count in left.items():
                self.stdout.write(f"{field.model._meta.label}.{field.name}: {count}")
            self.stdout.write(f"还有 {sum(left.values())} 个值不是用 {newest_key()} 加密的")
            return
        for name, count in rotate(by=by, batch=options["batch"]).items():
            self.stdout.write(f"{name}: {count}")
        self.stdout.write(f"都用 {newest_key()} 加密了，旧钥匙可以从 FIELD_KEYS 里去掉")
