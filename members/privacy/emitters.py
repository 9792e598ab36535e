"""Every path by which personal data leaves the house, by name: the disclosure register knows these.

A path that is not named here is refused by `record_disclosure`; a test finds doors that hand out
files or answer programs and asks for their name, or for the reason why they need none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Emitter:
    """One path: what it hands out in words for the register, and the function that does it."""

    words: str
    doors: tuple[str, ...]


EMITTERS: Mapping[str, Emitter] = {
    "own_copy": Emitter("会员下载自己的资料", ("members.profile.pages_of_rights.copy",)),
    "copy_by_hq": Emitter("总部办理的资料副本", ("members.privacy.desk.download_copy",)),
    "transfer_elsewhere": Emitter("按本人要求转移到另一处理者", ("members.privacy.desk.transfer",)),
    "incident_list": Emitter("安全事件涉及的会员名单", ("members.privacy.duties.affected_list",)),
    "entity_transfer": Emitter(
        "主体合并、转让时转移会员资料", ("members.privacy.transferring.pass_members",)
    ),
    "list_export": Emitter(
        "第二个人批准后导出的名单",
        (
            "members.privacy.exporting.take_export",
            "members.privacy.exporting._file_of",
        ),
    ),
    "outside_changes": Emitter(
        "外部系统取走积分变化", ("members.rewards.outside.hand_out_changes",)
    ),
    "sms": Emitter(
        "短信网关发送短信",
        ("members.registration.inbound.send_code", "members.registration.inbound.tell_old_phone"),
    ),
}
