"""One sandbox: its file, clock, ids, switches, open pages and callback courier."""

import asyncio
import random
from collections.abc import Callable

from .clock import Clock
from .ids import Ids
from .live import Live
from .options import Options
from .store import Store
from .switches import Switches


class World:
    """Everything a function of the sandbox needs, handed over as its first argument."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.store = Store(options.db)
        self.clock = Clock(self.store)
        self.ids = Ids(self.store, options.seed)
        self.switches = Switches(self.store)
        self.live = Live()
        # Chance (duplicates, drops, delays) is a sequence of its own under the seed.
        self.chance = random.Random(options.seed)  # noqa: S311 - not a secret
        # Both belong to one life of the world: a reset begins another one.
        self.life = 1
        self.archive_told_at = 0.0
        self.wake_courier: Callable[[], None] = lambda: None
        self.errands: set[asyncio.Task[None]] = set()

    @property
    def corp_id(self) -> str:
        """The one corp that this file plays; empty before the first seed."""
        return str(self.store.setting("corp_id", ""))

    @property
    def is_bound(self) -> bool:
        """Whether the corp is bound to a WeChat open-platform developer (unionid is told)."""
        return bool(self.store.setting("open_platform_bound"))

    def reset(self) -> None:
        """Forget everything, as if the file were new."""
        self.store.empty()
        self.switches.reset()
        self.clock.reset()
        self.chance = random.Random(self.options.seed)  # noqa: S311 - not a secret
        self.life += 1
        self.archive_told_at = 0.0
        self.live.announce("everything")


class Refused(ValueError):
    """The act is impossible in this world; the message says why, for a person."""
