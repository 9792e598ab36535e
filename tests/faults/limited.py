"""A process full of workers that call WeCom without rest, as patient as the outbox.

`python -m tests.faults.limited <threads> <calls>`; it begins with the first line it reads and
prints how many calls came to a good end.
"""

from __future__ import annotations

import sys
import threading
from concurrent.futures import ThreadPoolExecutor

API = "user/get"


def main() -> None:
    """Work until every call has its answer."""
    import django

    django.setup()
    threads, calls = int(sys.argv[1]), int(sys.argv[2])
    sys.stdin.readline()
    with ThreadPoolExecutor(threads) as pool:
        done = sum(pool.map(_call, range(calls)))
    sys.stdout.write(f"{done}\n")


def _call(_: int) -> bool:
    """Come back when told to, as often as it takes; whatever else goes wrong is raised."""
    from django.conf import settings

    from wecom.gateway.client import Client
    from wecom.gateway.errors import Busy, LimitReached

    client = Client(
        corp_id=settings.WECOM_CORP_ID, secret=settings.WECOM_APPS["main"]["secret"], name="main"
    )
    while True:
        try:
            return client.read(API, userid="LinXiao")["errcode"] == 0
        except (LimitReached, Busy) as error:
            threading.Event().wait(error.again_in or 1.0)


if __name__ == "__main__":
    main()
