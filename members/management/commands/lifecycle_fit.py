"""Fit the lifecycle models to a purchase log: `manage.py lifecycle_fit FILE --until 1997-09-30`."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from members.lifecycle.analysis import UNITS, analyse
from members.lifecycle.files import UnreadableLog, histories_until, read_day, read_log


def _day(text: str) -> date:
    return date.fromordinal(read_day(text))


class Command(BaseCommand):
    help = (
        "从购买记录（CSV，列 customer,date,amount，顺序不限）拟合 BG/NBD、Gamma-Gamma 与 RFM 分群，"
        "结果以 JSON 打印。同一客户同一天算一次购买，负数金额是退货。不连接数据库。"
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--until", help="观察到哪一天（含），默认文件里最后一天")
        parser.add_argument("--unit", choices=sorted(UNITS), default="week", help="时间单位")
        parser.add_argument("--each", action="store_true", help="另外列出每位客户")

    def handle(self, *, file: Path, unit: str, **options: Any) -> None:
        """Refuses a file with faults, naming the first twenty by line."""
        try:
            until = _day(options["until"]) if options["until"] else None
            day, found = histories_until(read_log(file), until)
        except UnreadableLog as error:
            raise CommandError(f"读不了这个文件：\n{error}") from error
        except ValueError as error:
            raise CommandError(str(error)) from error
        result = analyse(found, day, unit, each=options["each"])
        self.stdout.write(json.dumps(result, ensure_ascii=False, indent=2))
