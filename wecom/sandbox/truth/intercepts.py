"""敏感词: what members may not write to customers, blocked in their client or only warned of."""

import json
import re

from wecom.sandbox.world import Refused, World

from . import chats
from .people import departments_below

BLOCK, WARN = 1, 2
# semantics_list: phone number, mail address, red packet.
SEMANTICS = {
    1: re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)"),
    2: re.compile(r"[\w.+-]+@[\w-]+\.\w+"),
    3: re.compile("红包"),
}


@chats.guard
def check(world: World, userid: str, content: chats.Content) -> None:
    """Refuse a member's words that a blocking rule of his finds."""
    if content["msgtype"] != "text":
        return
    said = str((content.get("text") or {}).get("content", ""))
    for text in world.store.column("SELECT body FROM intercept_rule ORDER BY created_at, rule_id"):
        rule = json.loads(text)
        if rule["intercept_type"] != BLOCK or not binds(world, rule["applicable_range"], userid):
            continue
        found = [word for word in rule["word_list"] if word in said]
        semantic = any(SEMANTICS[each].search(said) for each in rule["semantics_list"])
        if found or semantic:
            raise Refused(f"含有企业禁止的内容：{found[0] if found else rule['rule_name']}")


def binds(world: World, wanted: dict[str, list[object]], userid: str) -> bool:
    """Whether a rule is for this member."""
    if userid.lower() in {str(each).lower() for each in wanted.get("user_list") or []}:
        return True
    parties = [int(str(each)) for each in wanted.get("department_list") or []]
    own = world.store.column("SELECT department_id FROM member_department WHERE userid = ?", userid)
    return bool(parties) and not departments_below(world, parties).isdisjoint(own)
