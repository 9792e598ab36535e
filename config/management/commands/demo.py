"""``manage.py demo``: the whole system on one machine, with a demo brand and a simulated WeCom."""

import os
import shutil
import signal
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand
from django.utils.module_loading import import_string

from config.embedded.postgres import remove_postgres
from config.embedded.processes import EmbeddedServerError, ask_for_signal_at_parents_death
from config.supervisor.children import end_remembered
from config.supervisor.environment import data_folder, demo_lock
from config.supervisor.opening import STEPS, Opening
from config.supervisor.progress import Progress
from config.supervisor.watch import StopRequested, stop_on_signals


class Command(BaseCommand):
    help = "启动整套演示系统；--smoke 检查运行中的演示；--reset 清空演示数据"
    # Its processes check themselves, each with the environment that this one only makes.
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--smoke", action="store_true", help="对运行中的演示走一遍主线")
        parser.add_argument("--reset", action="store_true", help="先清空 .data（会询问）")
        parser.add_argument("--with-parent", action="store_true", help="启动它的进程结束时也停止")
        parser.add_argument("--yes", action="store_true", help="--reset 时不再询问")

    def handle(self, **options: Any) -> None:
        """Exit 0 after an orderly end or a passed smoke, 1 with a word otherwise."""
        if options["smoke"]:
            raise SystemExit(import_string("config.demo.smoke.run")())
        folder = data_folder()
        folder.mkdir(parents=True, exist_ok=True)
        progress = Progress(STEPS)
        stop_on_signals()
        if options["with_parent"]:
            ask_for_signal_at_parents_death(signal.SIGTERM)
        try:
            lock = demo_lock()
            lock.acquire()
            if options["reset"] and not _reset(folder, progress, sure=options["yes"]):
                return
            raise SystemExit(_run(folder, progress))
        except StopRequested:
            return
        except PermissionError as error:
            text = f"✗ {error.filename} 属于另一个用户（曾以 root 启动？）/ belongs to another user"
            progress.line(progress.paint(text, "red"))
            raise SystemExit(1) from error
        except (EmbeddedServerError, OSError) as error:
            progress.line(progress.paint(f"✗ {error}", "red"))
            raise SystemExit(1) from error


def _run(folder: Path, progress: Progress) -> int:
    """Open the demo and watch it until somebody stops it."""
    opening = Opening(folder, progress, os.environ.get("PORT"))
    try:
        opening.open()
        progress.box(_welcome(opening.environment, folder))
        return opening.watch.run()
    finally:
        opening.watch.close()
        progress.line("已停止，数据都在 / stopped, all data is kept")


def _welcome(environment: dict[str, str], folder: Path) -> list[str]:
    """Where to go and with which login."""
    base = environment["BASE_URL"]
    return [
        f"打开 / open          {base}/",
        f"导购 iPad / guide    {base}/tablet/     企微登录，或工号 G001 + PIN "
        f"{environment['GUIDE_PIN']}",
        f"顾客手机 / phone     {base}/sandbox/phone/",
        f"企业微信 / WeCom     {base}/sandbox/wecom/",
        f"总部 / HQ            {base}/admin/      "
        f"{environment['HQ_USERNAME']} / {environment['HQ_PASSWORD']}",
        f"手机短信 / SMS       {environment['SMS_URL']}/",
        "",
        f"设置与账号 / settings   {folder / 'demo.env'}",
        f"日志 / logs             {folder / 'logs'}",
        "走一遍主线 / smoke      make smoke        停止 / stop   Ctrl-C",
    ]


def _reset(folder: Path, progress: Progress, *, sure: bool) -> bool:
    """Delete everything the demo keeps in its folder, after asking; tell whether to go on."""
    if not sure:
        answer = input(f"删除 {folder} 里的全部演示数据？输入 yes 确认 / delete all demo data? ")
        if answer.strip().lower() != "yes":
            progress.line("没有删除任何东西 / nothing was deleted")
            return False
    end_remembered(folder / "children.json", progress.say)
    remove_postgres(folder / "postgres", progress.say)
    for entry in folder.iterdir():
        if entry.name == "demo.lock":  # held by this very process
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()
    if os.environ.get("DATABASE_URL"):
        progress.line("DATABASE_URL 指向的数据库没有动 / the given database was not touched")
    return True
