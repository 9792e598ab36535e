"""``manage.py wipe_entity NAME``: remove every person of a legal entity that leaves the brand."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from kit.actor import Actor
from members.privacy.trails import follow_trails
from members.privacy.wiping import wipe_entity
from stores.org.models import LegalEntity


class Command(BaseCommand):
    help = "删除一个法人主体的全部会员、企微客户和有关个人的记录；其他主体的一行也不动；可重复运行"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="法人主体的全名")
        parser.add_argument("--yes", action="store_true", help="确认删除")

    def handle(self, *args: Any, **options: Any) -> None:
        entity = LegalEntity.objects.filter(name=options["name"]).first()
        if entity is None:
            raise CommandError(f"没有这个法人主体：{options['name']}")
        if not options["yes"]:
            raise CommandError("删除不能撤回；确认请加 --yes")
        by = Actor.system("an entity leaves the brand")
        gone = wipe_entity(entity.pk, by=by)
        while follow_trails(by=by):
            pass
        self.stdout.write(
            f"删除了 {gone.members} 位会员、{gone.contacts} 位企微客户、其他 {gone.rows} 行"
        )
