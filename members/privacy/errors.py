"""What can go wrong with requests, looks and records; the docstring is what people read."""

from __future__ import annotations


class PrivacyError(Exception):
    """没有保存。"""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else (self.__doc__ or "")


class UnknownEmitter(PrivacyError):
    """这条对外提供的途径没有登记。"""


class TooManyLooks(PrivacyError):
    """今天查看完整手机号的次数用完了，明天再看，或请总部办理。"""


class NoReason(PrivacyError):
    """请选一个查看的理由。"""


class RequestClosed(PrivacyError):
    """这件请求已经办结，没有更改。"""


class IdentityUnchecked(PrivacyError):
    """还没有核实身份，不能办理。"""


class ResultMissing(PrivacyError):
    """请写明办理结果；不办理的，请写明理由，会一字不差地答复本人。"""


class AssessmentMissing(PrivacyError):
    """这项活动还没有有效的、已签字的个人信息保护影响评估，不能开始。"""


class AssessmentIncomplete(PrivacyError):
    """三项内容都要写，才能签字。"""


class NotPortable(PrivacyError):
    """不满足转移的条件。"""


class IncidentIncomplete(PrivacyError):
    """这件事件还不能结束：报告、通知（或不通知的理由）、原因、措施都要有。"""


class CannotErase(PrivacyError):
    """没有删除。"""


class ExportRefused(PrivacyError):
    """没有导出。"""


class NotTransferable(PrivacyError):
    """还不能转移。"""
