"""``python -m wecom.sandbox``: serve one sandbox until stopped."""

import argparse
import sys
from collections.abc import Callable, Mapping
from typing import Any

import uvicorn

from . import example
from .app import create_app
from .options import Options, add_arguments, read_options

Say = Callable[[str], object]


def say_to_terminal(word: str) -> None:
    """One line of what a person should know."""
    sys.stderr.write(f"{word}\n")


def introduce(options: Options, say: Say) -> None:
    """Where to go, and what another product needs to be led here."""
    here = f"http://{options.host}:{options.port}/sandbox"
    say(f"企业微信模拟器已在 {here}/")
    say(f"  顾客的手机     {here}/phone/      并排两部：{here}/phone/?two=1")
    say(f"  导购的客户端   {here}/wecom/")
    say(f"  控制台         {here}/control/    接口：{here}/control/api/")
    say(f"  你的系统把 https://qyapi.weixin.qq.com/cgi-bin/ 换成 {here}/cgi-bin/")
    say(f"  网页授权 https://open.weixin.qq.com/connect/… 换成 {here}/connect/…")


def serve(given: Mapping[str, Any], say: Say = say_to_terminal, *, is_alone: bool = False) -> None:
    """Serve until interrupted; open pages do not hold the end back."""
    options = read_options(given)
    app = create_app(options)
    if given["example"]:
        say(example.put_into(app.state.world, given["callback_url"]))
    if is_alone or given["example"]:
        introduce(options, say)
    uvicorn.run(
        app,
        host=options.host,
        port=options.port,
        log_level="warning",
        timeout_graceful_shutdown=1,
    )


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(prog="wecom.sandbox", description=__doc__)
    add_arguments(parser)
    serve(vars(parser.parse_args()))


if __name__ == "__main__":
    main()
