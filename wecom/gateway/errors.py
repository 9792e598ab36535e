"""What can go wrong at WeCom, sorted by what to do next rather than by number.

Decide on `code`, never on the English text: it is not stable (document 90313).
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final


class Retry(StrEnum):
    """When the same call may be made again."""

    NEVER = "never"
    SOON = "soon"
    LATER = "later"
    ASK = "ask"


# WeCom's support finds a failed call by the text between these brackets.
_HINT: Final = re.compile(r"hint: \[([^\]]{1,80})\]")


class WecomError(Exception):
    """WeCom refused, or did not answer.

    `retry` says whether trying again can help; ASK means the call may have taken effect and must
    not be repeated before WeCom was asked. `again_in` is after how many seconds, where somebody
    knows. `advice` is a sentence for HQ, `hint` the number WeCom's support asks for.
    """

    retry: Retry = Retry.NEVER
    advice: str = "企业微信拒绝了这次调用，请把错误码交给技术人员。"

    def __init__(
        self,
        code: int | None,
        message: str,
        *,
        api: str = "",
        again_in: float | None = None,
        advice: str = "",
    ) -> None:
        super().__init__(f"{api} {code}: {message[:200]}".strip())
        self.code = code
        self.message = message
        self.api = api
        self.again_in = again_in
        found = _HINT.search(message)
        self.hint = found.group(1) if found else ""
        if advice:
            self.advice = advice


class Busy(WecomError):
    """A temporary trouble of WeCom's."""

    retry = Retry.SOON
    advice = "企业微信暂时繁忙，系统会自动重试。"


class PerhapsDone(WecomError):
    """WeCom said that its system is busy; what was asked may have happened all the same."""

    retry = Retry.ASK
    advice = "企业微信返回系统繁忙，系统会先查证结果再决定是否重试。"


class LimitReached(WecomError):
    """Too many calls within WeCom's window; the block lasts as long as the window."""

    retry = Retry.LATER
    advice = "调用频率超过企业微信上限，系统会在限制解除后继续。"


class Unreachable(WecomError):
    """No connection came about, so nothing was asked."""

    retry = Retry.SOON
    advice = "连不上企业微信，请检查服务器的外网出口；恢复后系统会自动继续。"


class Silent(WecomError):
    """The call went out and no usable answer came back: it may have taken effect."""

    retry = Retry.ASK
    advice = "企业微信没有答复，系统会先查证结果，不会盲目重发。"


class Unintelligible(Silent):
    """An answer came whose fields are not what WeCom promises: it may have taken effect."""

    advice = "企业微信的答复无法读懂，系统会先查证结果；若反复出现，请把接口名交给技术人员。"


class NotAsked(WecomError, ValueError):
    """WeCom would refuse this, or silently cut it; it was not asked. `advice` names the limit."""

    advice = "内容超出企业微信的限制，请修改后重试。"


class Misdirected(WecomError):
    """Something between us and WeCom answered with an HTTP 4xx; WeCom was not asked."""

    retry = Retry.LATER
    advice = "企业微信接口地址返回 HTTP 错误，请检查代理和网络设置。"


class TokenRefused(WecomError):
    """A token fetched a moment ago is refused again."""

    retry = Retry.LATER
    advice = "企业微信不接受刚取得的凭证，请检查应用是否被停用。"


class CredentialsRefused(WecomError):
    """The corp id or the secret is wrong, or the application is stopped."""

    retry = Retry.LATER
    advice = "企业 ID 或应用 Secret 不正确，或应用已停用，请在企业微信管理后台核对。"


class NotAllowed(WecomError):
    """The application lacks a right."""

    retry = Retry.LATER
    advice = "应用没有调用权限：请在管理后台“客户联系 → API”把本应用加入可调用接口的应用。"


class AddressNotTrusted(WecomError):
    """This server's address is not among the application's trusted ones."""

    retry = Retry.LATER
    advice = "服务器 IP 不在应用的“企业可信IP”里，请在管理后台添加。"


class GuideNotUsable(WecomError):
    """The guide is unknown to WeCom, outside the application's range, or not activated."""

    advice = "这位导购不在应用可见范围、未激活或没有客户联系权限，请在管理后台检查。"


class NotFriends(WecomError):
    """The guide and the customer are not friends (any more)."""

    advice = "导购与这位客户不是好友，可能已被删除。"


class ContactUnknown(WecomError):
    """The external_userid is not a contact of this corp, or has no friend in range."""

    advice = "找不到这位企微客户，可能已不是任何导购的好友。"


class GroupUnknown(WecomError):
    """The group was dismissed, or is not a customer group of this corp."""

    advice = "客户群已解散，或不是本企业的客户群。"


class AlreadyChatting(WecomError):
    """The welcome was delivered already, or the two have begun to chat."""

    advice = "客户已收到欢迎语或已开始聊天，无需再发。"


class BeingSent(WecomError):
    """Another application's welcome is on its way; ours may be tried again."""

    retry = Retry.SOON
    advice = "另一应用正在发送欢迎语，系统会稍后再试。"


class TooLate(WecomError):
    """The welcome code is used up or older than 20 seconds."""

    advice = "欢迎语凭证已超过 20 秒或已被使用，无法补发。"


class BeingDispatched(WecomError):
    """The mass send was made a moment ago; its records are not ready."""

    retry = Retry.SOON
    advice = "群发任务正在分发，系统会稍后查询。"


class Cancelled(WecomError):
    """The mass send was cancelled before."""

    advice = "群发任务已停止。"


class RemindedTooOften(WecomError):
    """A mass send may be reminded of three times in 24 hours."""

    advice = "24 小时内提醒次数已达上限（3 次）。"


class NobodyReachable(WecomError):
    """None of the recipients can be reached by this guide."""

    advice = "这次群发没有可送达的客户，请检查好友关系与发送人。"


class ContentRefused(WecomError):
    """Text or attachments that WeCom does not take."""

    advice = "内容不被接受：请检查文字长度、附件数量与类型。"


class MediaRefused(WecomError):
    """A picture or file that WeCom does not take, or has thrown away after three days."""

    advice = "图片或文件不被接受：请检查格式与大小，或重新上传（素材凭证 3 天内有效）。"


class CodeUsed(WecomError):
    """The login code was used, expired, or made up."""

    advice = "登录凭证已失效，请重新进入页面。"


class WindowClosed(WecomError):
    """Customer service: more than 48 hours, more than 5 messages, or not the bot's turn."""

    advice = "客服会话不允许再发送：超过 48 小时、已发满 5 条，或已转人工。"


class ArchiveNotOpen(WecomError):
    """The chat archive is not bought, expired, or this server is not on its list."""

    retry = Retry.LATER
    advice = "会话内容存档未开通、已过期，或服务器 IP 不在存档白名单。"


class ArchiveNotAgreed(WecomError):
    """The customer has not agreed to the archive; nothing may be said to her before."""

    advice = "客户尚未同意会话存档，须她同意后才能发送。"


class AskedWrongly(WecomError):
    """The call itself is wrong: what people entered, or a mistake of ours."""

    advice = "请求参数不被接受，请检查填写的内容；若无误，请把错误码交给技术人员。"


class QuotaUsed(WecomError):
    """The corp has as many of these as WeCom allows; somebody has to remove or buy."""

    advice = "企业的数量额度已用完，请清理不用的，或在企业微信管理后台扩容。"


class NotOurs(WecomError):
    """Made by another application or in the admin console: this one may not touch it."""

    advice = "不是本应用创建的，只能在创建它的应用或管理后台修改。"


class Gone(WecomError):
    """What the call names does not exist, or exists no more."""

    advice = "对象不存在或已被删除，请刷新后重试。"


class TransferRefused(WecomError):
    """A customer or group cannot be handed over like this."""

    advice = "无法继承，请检查交接双方与次数限制。"


class RobotRefused(WecomError):
    """The robot of a group was removed, disabled, or its key is wrong."""

    advice = "群机器人地址无效或已被移除，请在群里重新添加并更新地址。"


class DeskRefused(WecomError):
    """Customer service does not allow this for the account or the servicer."""

    advice = "微信客服不允许此操作，请检查客服账号、接待人员与权限设置。"


class PageRefused(WecomError):
    """A page inside WeCom or WeChat is not trusted: its domain, its signature, its ticket."""

    retry = Retry.LATER
    advice = "页面不被信任，请检查应用的可信域名设置。"


TOKEN_CODES: Final = frozenset({40001, 40014, 42001})
