"""`manage.py bench NAME [--scale small|full] [--data FOLDER] [--json]`: ratios to a limit.

Each file of `bench/` has `run(scale)`: it builds its data, checks that the result is right,
measures both sides alternating in one run, and returns what the table prints. What is no
measurement but a trial of some minutes says `ALONE = True` and is run by its name.
"""

from __future__ import annotations

import json
from argparse import ArgumentParser
from importlib import import_module
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from bench._ground import keep_in

FOLDER = Path(settings.BASE_DIR) / "bench"


class Command(BaseCommand):
    help = "测量：产品的路径与它的物理极限之比"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", choices=[*names(), "all"])
        parser.add_argument("--scale", choices=["small", "full"], default="small")
        parser.add_argument("--data", type=Path, help="数据库放在这个文件夹里，下次接着用")
        parser.add_argument("--json", action="store_true", help="只打印 JSON")

    def handle(self, **options: Any) -> None:
        """Exit 1 when a result is wrong, never because it is slow."""
        is_all = options["name"] == "all"
        if options["data"]:
            keep_in(options["data"])
        results = []
        for name in names() if is_all else [options["name"]]:
            module = import_module(f"bench.{name}")
            if is_all and getattr(module, "ALONE", False):
                continue
            result = {"name": name, **module.run(options["scale"])}
            results.append(result)
            if not options["json"]:
                self._print(result)
        if options["json"]:
            self.stdout.write(json.dumps(results, ensure_ascii=False, indent=2))
        if is_all:
            kept = {"at": timezone.now().isoformat(), "scale": options["scale"], "results": results}
            (FOLDER / "results.json").write_text(
                json.dumps(kept, ensure_ascii=False, indent=2) + "\n"
            )
        wrong = [result["name"] for result in results if not result["correct"]]
        if wrong:
            raise CommandError(f"wrong results: {', '.join(wrong)}")

    def _print(self, result: dict[str, Any]) -> None:
        self.stdout.write(f"\n{result['name']}")
        for key, value in result.items():
            if key != "name":
                shown = f"{value:,.3f}" if isinstance(value, float) else value
                self.stdout.write(f"  {key:<28} {shown}")


def names() -> list[str]:
    """The measurements there are, by file name."""
    return sorted(path.stem for path in FOLDER.glob("*.py") if not path.stem.startswith("_"))
