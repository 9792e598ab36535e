"""One part of the demo's opening that needs Django, in a process of its own with the environment
of that start.
"""

import argparse
import os

import django
from django.utils.module_loading import import_string

PARTS = {"brand": "config.demo.brand.load", "world": "config.demo.world.seed"}


def say(word: str) -> None:
    """Hand a word to the process that opens the demo; it reads line by line."""
    print(word, flush=True)  # noqa: T201 - this is how the parts report


def main() -> None:
    """Do the named part; its own repetition is harmless, so says its author."""
    parser = argparse.ArgumentParser(prog="python -m config.supervisor.part")
    parser.add_argument("part", choices=sorted(PARTS))
    part = parser.parse_args().part
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    import_string(PARTS[part])(say)


if __name__ == "__main__":
    main()
