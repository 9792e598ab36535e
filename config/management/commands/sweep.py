"""``manage.py sweep KIND``: compare with WeCom at once, in this process, everything in detail."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from wecom.directory.models import SweepKind, SweepState
from wecom.directory.sweeping import sweep_through


class Command(BaseCommand):
    help = "立即与企业微信对账，逐项读取详情；可写多个对象，按顺序进行"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("kinds", nargs="+", choices=SweepKind.values, metavar="KIND")

    def handle(self, *args: Any, **options: Any) -> None:
        for kind in options["kinds"]:
            sweep = sweep_through(kind)
            counts = f"{sweep.done} / {sweep.total}，差异 {sweep.found}，已修复 {sweep.repaired}"
            self.stdout.write(f"{sweep.get_kind_display()}：{sweep.get_state_display()} {counts}")
            if sweep.state != SweepState.DONE:
                raise CommandError(sweep.error or "还没有完成，后台会继续")
