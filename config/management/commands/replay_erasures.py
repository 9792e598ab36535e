"""``manage.py replay_erasures FILE``: remove again whom a restored backup brought back."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from kit.actor import Actor
from members.privacy.erasure_log import replay_log, write_log
from members.privacy.trails import follow_trails


class Command(BaseCommand):
    help = "恢复备份之后，按删除记录文件把已经删除的人再删一遍；可重复运行"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="删除记录文件（ERASURE_LOG）")
        parser.add_argument("--write", action="store_true", help="不重放，而是写出现在的删除记录")

    def handle(self, *args: Any, **options: Any) -> None:
        by, file = Actor.system("replay of erasures"), options["file"]
        if options["write"]:
            self.stdout.write(f"写出 {write_log(file, by=by)} 条删除记录到 {file}")
            return
        if not file.is_file():
            raise CommandError(f"没有这个文件：{file}")
        again = replay_log(file, by=by, at=timezone.now())
        passed = 0
        while done := follow_trails(by=by):
            passed += done
        self.stdout.write(f"备份带回来 {again} 人，已再次删除；日志里清理了 {passed} 人")
