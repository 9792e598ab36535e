"""``manage.py transfer_entity FROM TO``: a company's stores and members pass to another company."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from kit.actions import scope_of
from kit.actor import Actor
from members.consent.models import Purpose
from members.privacy.errors import NotTransferable
from members.privacy.transferring import changed_purposes, transfer_entity, what_is_missing
from stores.org.models import LegalEntity


class Command(BaseCommand):
    help = "一个法人主体的门店和会员转移给另一个主体（个保法第二十二条）；可重复运行"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("source", help="转出方的全名")
        parser.add_argument("target", help="接收方的全名")
        parser.add_argument("--yes", action="store_true", help="确认转移")

    def handle(self, *args: Any, **options: Any) -> None:
        source, target = (self._entity(options[name]) for name in ("source", "target"))
        by = Actor.system("a company's business passes to another")
        if not options["yes"]:
            self._say_what_would_happen(source, target, by)
            return
        try:
            done = transfer_entity(source, target, by=by)
        except NotTransferable as fault:
            raise CommandError(str(fault)) from fault
        self.stdout.write(
            f"转移了 {done.stores} 家门店、{done.members} 位会员、{done.contacts} 位企微客户；"
            f"{done.ended} 项授权到期，要重新征得同意；"
            f"{done.clashes} 个收银会员号与接收方重复，已停用"
        )

    def _entity(self, name: str) -> LegalEntity:
        found = LegalEntity.objects.filter(name=name).first()
        if found is None:
            raise CommandError(f"没有这个法人主体：{name}")
        return found

    def _say_what_would_happen(self, source: LegalEntity, target: LegalEntity, by: Actor) -> None:
        with scope_of(by):
            missing = what_is_missing(source, target, timezone.now())
            changed = changed_purposes(source, target)
        self.stdout.write("还缺：" + ("；".join(missing) or "无"))
        ends = "、".join(str(Purpose(one).label) for one in Purpose.values if one in changed)
        self.stdout.write("要重新征得同意的：" + (ends or "无"))
        self.stdout.write("确认转移请加 --yes")
