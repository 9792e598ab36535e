"""What a reader of a published notice is shown beside HQ's own words: the four mandatory blocks.

PIPL 17 and 网数条例 21: who processes, what for how long, who receives it, which rights she has.
Pure: everything comes from the notice as it was published.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_RIGHTS = (
    "查询、复制、更正、补充、删除、转移您的资料；撤回任何一项同意；拒绝按喜好推荐；限制我们只保存不使用；"
    "要求解释；退出会员；投诉。",
    "都可以在会员卡的“隐私与授权”里自己办，不用和人说话；也可以用上面的联系方式提出，15 天内书面"
    "答复，不办会写明理由。对答复不满意，可以向网信部门投诉或向法院起诉。",
    "保存期满，或者您退出、要求删除之后：删除，或去掉身份；法律要求留存的凭证只保存、不再使用。",
)


@dataclass(frozen=True, slots=True)
class Block:
    """One mandatory block: its anchor, its title, its lines."""

    key: str
    title: str
    lines: Sequence[str]


def blocks_to_read(blocks: Mapping[str, Any]) -> list[Block]:
    """The four blocks in the order of the law; whatever a list holds is printed whole."""
    processor: Mapping[str, str] = blocks.get("processor", {})
    collected: Sequence[Mapping[str, str]] = blocks.get("collected", ())
    recipients: Sequence[Mapping[str, str]] = blocks.get("recipients", ())
    return [
        Block(
            "processor",
            "谁在处理您的信息",
            [
                line
                for line in (
                    processor.get("name", ""),
                    f"个人信息保护联系方式：{processor.get('contact', '')}",
                    processor.get("address", ""),
                )
                if line
            ],
        ),
        Block(
            "collected",
            "收集清单：种类与保存期限",
            [f"{row['what']}：{row['kinds']}。{row['keep']}" for row in collected],
        ),
        Block(
            "recipients",
            "接收方清单",
            [f"{row['name']}：{row['purpose']}（{row['kinds']}）" for row in recipients]
            or ["没有提供给任何接收方。"],
        ),
        Block("rights", "您的权利，怎么行使", list(_RIGHTS)),
    ]


def as_text(
    title: str, summary: str, body: str, items: Sequence[Mapping[str, str]], blocks: Sequence[Block]
) -> str:
    """The whole notice as plain text, to be kept."""
    parts = [title, summary, body, *(f"{item['title']}：{item['text']}" for item in items)]
    for block in blocks:
        parts += [block.title, *block.lines]
    return "\n\n".join(parts) + "\n"
