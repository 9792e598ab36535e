"""``manage.py sandbox``: the WeCom sandbox alone, so that another product can be tried against it.

No database, no broker, no setting: it needs a port and a file.
"""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from wecom.sandbox.__main__ import serve
from wecom.sandbox.options import add_arguments


class Command(BaseCommand):
    help = "单独启动企业微信模拟器；--example 放进一个示例企业"
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_arguments(parser)

    def handle(self, **options: Any) -> None:
        """Serve until interrupted."""
        if options["db"] != ":memory:":
            Path(options["db"]).resolve().parent.mkdir(parents=True, exist_ok=True)
        serve(options, self._say, is_alone=True)

    def _say(self, word: str) -> None:
        # At once, also into a pipe: somebody waits for the address.
        self.stdout.write(word)
        self.stdout.flush()
