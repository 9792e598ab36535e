"""Growing a corp to any size at once: made in SQL by numbers, the same again under a seed.

Ids are readable (``g000042``, ``wmGrown…0000000042``), so a load test can name anybody without
asking. Nothing here makes callbacks.
"""

from typing import Any

from wecom.sandbox.world import Refused, World

Body = dict[str, Any]
MOST = {
    "members": 200_000,
    "customers": 5_000_000,
    "friends_per_member": 20_000,
    "groups": 500_000,
    "members_per_group": 500,
    "members_per_department": 100_000,
}
DEFAULTS = {
    "members": 0,
    "customers": 0,
    "friends_per_member": 0,
    "groups": 0,
    "members_per_group": 50,
    "members_per_department": 25,
}
FAMILY = "陈林王李张刘黄周吴徐孙马朱胡郭何高罗郑梁谢宋唐许韩冯邓曹彭曾"
GIVEN = "晓静敏婷悦欣怡佳雪琳倩颖慧文丽洁莉云岚芳宁桐薇蓉瑶涵雅诗妍梦"
# One row for each number from 1 on.
NUMBERS = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :many) "


def read_sizes(body: Body) -> dict[str, int]:
    """How much of everything; unknown names and impossible numbers are refused."""
    unknown = set(body) - set(DEFAULTS)
    if unknown:
        raise Refused(f"不认识：{'、'.join(sorted(unknown))}")
    sizes = DEFAULTS | {name: int(value) for name, value in body.items()}
    for name, value in sizes.items():
        if not 0 <= value <= MOST[name]:
            raise Refused(f"{name} 须在 0 到 {MOST[name]} 之间")
    sizes["members_per_department"] = max(1, sizes["members_per_department"])
    if sizes["friends_per_member"] > sizes["customers"]:
        raise Refused("friends_per_member 不能多于 customers")
    if sizes["groups"] and not sizes["members"]:
        raise Refused("有群就要有成员来做群主")
    return sizes


def grow(world: World, body: Body) -> dict[str, Any]:
    """Members in departments, customers, friendships, groups; rows that exist stay as they are."""
    if not world.corp_id:
        raise Refused("缺少 corp_id，请先 seed")
    sizes = read_sizes(body)
    values: dict[str, Any] = sizes | {
        "seed": world.options.seed,
        "family": FAMILY,
        "given": GIVEN,
        "now": world.clock.second(),
        "departments": -(-sizes["members"] // sizes["members_per_department"]),
    }
    with world.store.writing():
        for many, sql in steps_of(sizes, values["departments"]):
            if many:
                world.store.db.execute(NUMBERS + sql, values | {"many": many})
        world.store.run("ANALYZE")
    world.live.announce("everything")
    return {"grown": sizes}


def steps_of(sizes: dict[str, int], departments: int) -> list[tuple[int, str]]:
    """How often each statement counts, and the statement."""
    return [
        (departments, GROW_DEPARTMENTS),
        (sizes["members"], GROW_MEMBERS),
        (sizes["members"], GROW_PLACES),
        (sizes["customers"], GROW_CUSTOMERS),
        (sizes["members"] * sizes["friends_per_member"], GROW_FRIENDS),
        (sizes["groups"], GROW_GROUPS),
        (sizes["groups"], GROW_OWNERS),
        (sizes["groups"] * min(sizes["members_per_group"], sizes["customers"]), GROW_INSIDE),
    ]


GROW_DEPARTMENTS = """
    INSERT OR IGNORE INTO department (id, name, parentid)
    SELECT 100000 + i, printf('第%d店', i), 1 FROM n"""
GROW_MEMBERS = """
    INSERT OR IGNORE INTO member (userid, name, position, main_department)
    SELECT printf('g%06d', i), substr(:family, 1 + (i * 7 + :seed) % 30, 1)
           || substr(:given, 1 + (i * 13 + :seed) % 30, 1)
           || CASE WHEN i % 3 THEN substr(:given, 1 + (i / 30) % 30, 1) ELSE '' END, '导购',
           100000 + (i + :members_per_department - 1) / :members_per_department FROM n"""
GROW_PLACES = """
    INSERT OR IGNORE INTO member_department (department_id, userid)
    SELECT 100000 + (i + :members_per_department - 1) / :members_per_department,
           printf('g%06d', i) FROM n"""
GROW_CUSTOMERS = """
    INSERT OR IGNORE INTO customer (external_userid, name, unionid, gender, created_at)
    SELECT printf('wmGrown%025d', i), substr(:family, 1 + (i * 7 + :seed) % 30, 1)
           || substr(:given, 1 + (i * 13 + :seed) % 30, 1)
           || CASE WHEN i % 3 THEN substr(:given, 1 + (i / 30) % 30, 1) ELSE '' END,
           printf('oGrown%04d%018d', :seed, i), 1 + i % 2, :now - i % 31536000 FROM n"""
# Members take customers in turn, round and round: two share one only when there are more pairs
# than customers.
GROW_FRIENDS = """
    INSERT OR IGNORE INTO friendship
        (userid, external_userid, status, created_at, state, add_way, oper_userid)
    SELECT printf('g%06d', 1 + (i - 1) / :friends_per_member),
           printf('wmGrown%025d', 1 + (i - 1) % :customers),
           'friends', :now - i % 31536000, printf('grown_%d', i % 50), 1,
           printf('wmGrown%025d', 1 + (i - 1) % :customers) FROM n"""
GROW_GROUPS = """
    INSERT OR IGNORE INTO group_chat (chat_id, name, owner, created_at, version)
    SELECT printf('wrGrown%025d', i), printf('第%d福利群', i),
           printf('g%06d', 1 + (i - 1) % :members), :now - i % 31536000,
           printf('%032x', i) FROM n"""
GROW_OWNERS = """
    INSERT OR IGNORE INTO group_member (chat_id, member_id, type, joined_at, join_scene)
    SELECT printf('wrGrown%025d', i), printf('g%06d', 1 + (i - 1) % :members), 1,
           :now - i % 31536000, 1 FROM n"""
# A step that has no factor in common with any likely count spreads customers over groups.
GROW_INSIDE = """
    INSERT OR IGNORE INTO group_member (chat_id, member_id, type, joined_at, join_scene)
    SELECT printf('wrGrown%025d', 1 + (i - 1) / min(:members_per_group, :customers)),
           printf('wmGrown%025d', 1 + (i * 7919) % :customers), 2,
           :now - i % 31536000, 3 FROM n"""
