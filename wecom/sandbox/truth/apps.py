"""Applications as the admin console changes them."""

import sqlite3

from wecom.sandbox.store import pack
from wecom.sandbox.world import Refused, World


def find_app(world: World, agent_id: int) -> sqlite3.Row:
    """The application; refused when unknown."""
    row = world.store.row("SELECT * FROM app WHERE agent_id = ?", agent_id)
    if row is None:
        raise Refused(f"没有这个应用：{agent_id}")
    return row


def set_range(world: World, agent_id: int, departments: list[int]) -> None:
    """The visible range; nothing named is the whole corp."""
    find_app(world, agent_id)
    for number in departments:
        if not world.store.value("SELECT 1 FROM department WHERE id = ?", number):
            raise Refused(f"没有这个部门：{number}")
    world.store.run(
        "UPDATE app SET visible_departments = ? WHERE agent_id = ?",
        pack(departments) if departments else "",
        agent_id,
    )
    world.live.announce("control")


def switch_off(world: World, agent_id: int, *, off: bool) -> None:
    """Stop the application, or let it work again; repeating changes nothing."""
    find_app(world, agent_id)
    world.store.run("UPDATE app SET disabled = ? WHERE agent_id = ?", off, agent_id)
    world.live.announce("control")


def reset_secret(world: World, agent_id: int) -> str:
    """A new secret at once; tokens of the old one are 40014 from now on."""
    find_app(world, agent_id)
    secret = world.ids.new("secret", 43)
    with world.store.writing():
        world.store.run("UPDATE app SET secret = ? WHERE agent_id = ?", secret, agent_id)
        world.store.run(
            "UPDATE token SET bad_errcode = 40014 WHERE agent_id = ? AND bad_errcode = 0", agent_id
        )
    world.live.announce("control")
    return secret


def trust_ips(world: World, agent_id: int, ips: list[str]) -> None:
    """Who may call; nothing named is everybody."""
    find_app(world, agent_id)
    world.store.run("UPDATE app SET trusted_ips = ? WHERE agent_id = ?", pack(ips), agent_id)
    world.live.announce("control")
