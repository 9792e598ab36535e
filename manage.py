#!/usr/bin/env python
"""Django's command line; outside the demo it finds the demo's servers in `.data/demo.env`."""

import base64
import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from config.supervisor.environment import load_demo_env

    load_demo_env()
    if sys.argv[1:2] in (["bench"], ["sandbox"]):
        # They have servers of their own and need nothing of a deployment.
        os.environ.setdefault("DEBUG", "1")
        os.environ.setdefault("FIELD_KEYS", "b1:" + base64.b64encode(b"1" * 32).decode())
        os.environ.setdefault("BLIND_INDEX_KEY", base64.b64encode(b"2" * 32).decode())
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
