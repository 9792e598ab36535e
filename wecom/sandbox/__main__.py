"""``python -m wecom.sandbox``: serve one sandbox until stopped."""

import argparse

import uvicorn

from .app import create_app
from .options import Options


def read_options() -> Options:
    """The command line."""
    known = Options()
    parser = argparse.ArgumentParser(prog="wecom.sandbox", description=__doc__)
    parser.add_argument("--host", default=known.host)
    parser.add_argument("--port", type=int, default=known.port)
    parser.add_argument("--db", default=".data/sandbox.sqlite3")
    parser.add_argument("--public-url", default=known.public_url)
    parser.add_argument("--seed", type=int, default=known.seed)
    given = parser.parse_args()
    return Options(given.db, given.public_url, given.seed, given.host, given.port)


def main() -> None:
    """Serve until interrupted; open pages do not hold the end back."""
    options = read_options()
    uvicorn.run(
        create_app(options),
        host=options.host,
        port=options.port,
        log_level="warning",
        timeout_graceful_shutdown=1,
    )


if __name__ == "__main__":
    main()
