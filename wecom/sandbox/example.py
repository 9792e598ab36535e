"""An example corp: enough people, groups and codes to play with from the first minute."""

from typing import Any

from .control import seed
from .control.acts import ACTS
from .world import Refused, World

CORP_ID = "ww0exampleexample0"
SECRET = "example-secret-of-the-guide-application-0001"  # noqa: S105 - printed for everybody
TOKEN = "exampleToken"  # noqa: S105 - printed for everybody
AES_KEY = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
AGENT_ID = 1000002
KF = "wkExampleService0000000000000001"
GROUP = "wrExampleGroup000000000000000001"
WORDS = f"""示例企业 corpid={CORP_ID}
  应用「导购」 agentid={AGENT_ID}
    secret={SECRET}
    回调 Token={TOKEN} EncodingAESKey={AES_KEY}"""

STORES = {2: "国贸店", 3: "三里屯店", 4: "西单店"}
GUIDES = {
    "LinXiao": ("林晓", 2, "店长"),
    "zhouning": ("周宁", 2, "导购"),
    "maqian": ("马倩", 3, "店长"),
    "hanyu": ("韩雨", 3, "导购"),
    "sunlei": ("孙蕾", 4, "店长"),
    "gaofan": ("高帆", 4, "导购"),
}
CUSTOMERS = (
    *("陈静", "吴桐", "李婷", "王悦", "张敏", "刘佳"),
    *("黄琳", "徐慧", "朱颖", "胡岚", "郭诗涵", "欧阳若兰"),
)
TAGS = {"等级": ("金卡", "银卡", "新客"), "喜好": ("连衣裙", "通勤", "童装")}


def customer_id(number: int) -> str:
    """The external_userid of an example customer."""
    return f"wmExampleCustomer{number:015d}"


def world_of(callback_url: str) -> dict[str, Any]:
    """What the seed is given."""
    app = {
        "name": "导购",
        "agent_id": AGENT_ID,
        "secret": SECRET,
        "callback_url": callback_url,
        "callback_token": TOKEN,
        "callback_aes_key": AES_KEY,
    }
    return {
        "corp_id": CORP_ID,
        "corp_name": "示例服饰",
        "open_platform_bound": True,
        "service_account": {"app_id": "wx0exampleexample0", "secret": "example-service-secret"},
        "apps": [app],
        "departments": [{"id": 1, "name": "总部"}]
        + [{"id": number, "name": name, "parentid": 1} for number, name in STORES.items()],
        "tag_groups": [
            {"group_name": group, "tags": [{"name": name} for name in names]}
            for group, names in TAGS.items()
        ],
        "kf_accounts": [{"open_kfid": KF, "name": "在线客服", "servicers": ["LinXiao"]}],
    } | people()


def people() -> dict[str, Any]:
    """Guides, customers, who is whose friend, and the group."""
    guides, numbers = list(GUIDES), range(1, len(CUSTOMERS) + 1)
    return {
        "members": [
            {"userid": userid, "name": name, "department": [store], "position": position}
            | {"archived": store == 2}
            for userid, (name, store, position) in GUIDES.items()
        ],
        "customers": [
            {"external_userid": customer_id(number), "name": name, "gender": 2}
            for number, name in enumerate(CUSTOMERS, 1)
        ],
        "friends": [
            {"userid": guides[number % len(guides)], "external_userid": customer_id(number)}
            | {"state": f"poster_{number % 3 + 1}"}
            for number in numbers
        ],
        "groups": [
            {
                "chat_id": GROUP,
                "name": "国贸店会员福利群",
                "owner": "LinXiao",
                "notice": "新品先到先试，群里报名留货。",
                "members": ["zhouning", *(customer_id(number) for number in range(1, 9))],
            }
        ],
    }


def put_into(world: World, callback_url: str) -> str:
    """Seed the example and let a few words be said; gives the credentials in words.

    A repetition changes nothing; a file that plays another corp is left alone, in words.
    """
    is_new = not world.corp_id
    try:
        seed.seed(world, world_of(callback_url))
    except Refused as error:
        return f"没有放进示例：{error}"
    if is_new:
        with world.store.writing():
            talk(world)
    return WORDS


def talk(world: World) -> None:
    """A conversation and a group that are not empty."""
    first = customer_id(6)
    for speaker, hearer, text in (
        (first, "LinXiao", "你好，上次看的那件米色风衣还有 M 码吗？"),
        ("LinXiao", first, "有的，给你留了一件，今天来试吗？"),
        (first, "LinXiao", "下班过来，谢谢！"),
    ):
        ACTS["chat"](world, {"from": speaker, "to": hearer, "text": text})
    for speaker, text in (
        ("LinXiao", "秋季新款今天上架，前十位试穿送丝巾。"),
        (customer_id(2), "周末还有吗？"),
    ):
        ACTS["chat"](world, {"from": speaker, "chat_id": GROUP, "text": text})
