"""``manage.py privacy_audit``: the self-audit of a period as a file (PIPL 54)."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import date, datetime
from json import dumps
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand
from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone

from kit.actions import scope_of
from kit.actor import Actor
from members.privacy.auditing import Period, pack_of


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, datetime.min.time()))


class Command(BaseCommand):
    help = "合规自审：一段时间的告知、授权、请求、查看、对外提供、评估、事件、到期处理"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--from", dest="since", type=date.fromisoformat, required=True)
        parser.add_argument(
            "--until", type=date.fromisoformat, required=True, help="这一天不算在内"
        )
        parser.add_argument("--file", type=Path, help="写到哪个文件；不写则打印")

    def handle(self, *args: Any, **options: Any) -> None:
        period = Period(_midnight(options["since"]), _midnight(options["until"]))
        with scope_of(Actor.system("self-audit")):
            pack = pack_of(period)
        text = dumps(pack, cls=DjangoJSONEncoder, ensure_ascii=False, indent=2)
        if options["file"] is None:
            self.stdout.write(text)
            return
        options["file"].write_text(text)
        self.stdout.write(f"写到 {options['file']}")
