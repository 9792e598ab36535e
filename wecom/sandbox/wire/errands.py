"""Work of the sandbox that outlives the call that began it: fetching a file, asking a robot."""

import asyncio
from collections.abc import Coroutine

from wecom.sandbox.world import World


def start(world: World, work: Coroutine[object, object, None]) -> None:
    """Begin some work beside the present call; it sees what that call has stored."""
    task = asyncio.get_running_loop().create_task(work)
    world.errands.add(task)
    task.add_done_callback(world.errands.discard)


def give_up(world: World) -> None:
    """The sandbox ends: nothing goes on."""
    for task in list(world.errands):
        task.cancel()
