"""What the command line decides."""

from argparse import ArgumentParser
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Options:
    """How one sandbox process is started."""

    db: str = ":memory:"
    public_url: str = "http://127.0.0.1:8000"
    seed: int = 1
    host: str = "127.0.0.1"
    port: int = 8010

    def public(self, path: str) -> str:
        """An address that works in a customer's browser or inside a QR code."""
        return self.public_url.rstrip("/") + path


def add_arguments(parser: ArgumentParser) -> None:
    """The options of ``python -m wecom.sandbox`` and of ``manage.py sandbox``."""
    known = Options()
    parser.add_argument("--host", default=known.host, help="监听的地址")
    parser.add_argument("--port", type=int, default=known.port, help="监听的端口")
    parser.add_argument("--db", default=".data/sandbox.sqlite3", help="存放一切的 SQLite 文件")
    parser.add_argument(
        "--public-url", default="", help="浏览器使用的地址，写进二维码；缺省为监听的地址"
    )
    parser.add_argument("--seed", type=int, default=known.seed, help="相同的种子得到相同的编号")
    parser.add_argument(
        "--example", action="store_true", help="放进一个示例企业：门店、导购、顾客、客户群、应用"
    )
    parser.add_argument("--callback-url", default="", help="示例企业的应用把回调发到这里")


def read_options(given: Mapping[str, Any]) -> Options:
    """Options from parsed arguments; without a public address it is the one served."""
    public_url = given["public_url"] or f"http://{given['host']}:{given['port']}"
    return Options(given["db"], public_url, given["seed"], given["host"], given["port"])
