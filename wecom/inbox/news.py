"""What WeCom tells, one frozen dataclass for each family of events; documents in brackets.

A family knows WeCom's names of its fields, whom its news are about, and whether hearing them twice
is useful. What is private (words, places) stays in the inbox row and out of the domain event.
"""

from __future__ import annotations

from dataclasses import dataclass
from string import Formatter
from typing import Any, ClassVar

from wecom.inbox import values
from wecom.inbox.values import inside, open_values, told


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """One domain event to be: its kind, whom it is about, ids and plain values.

    `IS_HINT` says that handlers only read WeCom's state again, so that hearing it twice is useful
    and harmless.
    """

    ABOUT: ClassVar[str] = ""
    IS_HINT: ClassVar[bool] = True

    kind: str
    created_at: int = 0

    @property
    def subject(self) -> str:
        """Whom it is about; what is told about one subject is handled in its order."""
        names = [name for _, name, _, _ in Formatter().parse(self.ABOUT) if name]
        return self.ABOUT.format(**{name: getattr(self, name) or "" for name in names})[:120]

    @property
    def payload(self) -> dict[str, Any]:
        """What handlers are told; names that WeCom left out are left out."""
        return open_values(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactNews(News):
    """`change_external_contact`: a guide's customer came, changed, left (96361, 92277)."""

    ABOUT = "contact:{external_userid}"

    userid: str | None = told("UserID", values.userid)
    external_userid: str | None = told("ExternalUserID", values.word)
    state: str | None = told("State", values.text)
    welcome_code: str | None = told("WelcomeCode", values.text)
    source: str | None = told("Source", values.word)
    fail_reason: str | None = told("FailReason", values.word)


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupNews(News):
    """`change_external_chat`: a customer group (96361). Irrelevant fields may be there."""

    ABOUT = "group:{chat_id}"

    chat_id: str | None = told("ChatId", values.word)
    update_detail: str | None = told("UpdateDetail", values.word)
    join_scene: int | None = told("JoinScene", values.number)
    quit_scene: int | None = told("QuitScene", values.number)
    mem_change_cnt: int | None = told("MemChangeCnt", values.number)
    mem_change_list: tuple[str, ...] | None = told("MemChangeList", values.people)
    last_mem_ver: str | None = told("LastMemVer", values.word)
    cur_mem_ver: str | None = told("CurMemVer", values.word)


@dataclass(frozen=True, slots=True, kw_only=True)
class TagNews(News):
    """`change_external_tag`: the corp's tags; without an id their order (96361)."""

    ABOUT = "tags"

    id: str | None = told("Id", values.word)
    tag_type: str | None = told("TagType", values.word)
    strategy_id: str | None = told("StrategyId", values.word)


@dataclass(frozen=True, slots=True, kw_only=True)
class AcquisitionNews(News):
    """`customer_acquisition`: links, their balance, and who came by them (97299)."""

    ABOUT = "acquisition:{link_id}"

    link_id: str | None = told("LinkId", values.word)
    state: str | None = told("State", values.text)
    userid: str | None = told("UserID", values.userid)
    external_userid: str | None = told("ExternalUserID", values.word)
    chat_key: str | None = told("ChatKey", values.text)
    chat_seq: int | None = told("ChatSeq", values.number)


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveNews(News):
    """`msgaudit_notify`: the chat archive has something new (91774)."""

    ABOUT = "archive"

    agent_id: str | None = told("AgentID", values.word)


@dataclass(frozen=True, slots=True, kw_only=True)
class KfNews(News):
    """`kf_msg_or_event`: customer service has something new; the token lifts a limit (94670)."""

    ABOUT = "kf:{open_kfid}"

    token: str | None = told("Token", values.text)
    open_kfid: str | None = told("OpenKfId", values.word)


@dataclass(frozen=True, slots=True, kw_only=True)
class KfAccountNews(News):
    """`kf_account_auth_change`: which accounts of customer service are ours to use."""

    ABOUT = "kf"

    added: tuple[str, ...] | None = told("AuthAddOpenKfId", values.texts)
    removed: tuple[str, ...] | None = told("AuthDelOpenKfId", values.texts)


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffNews(News):
    """`change_contact` of a member (90970). Names and phones are read from the directory."""

    ABOUT = "staff:{userid}"

    userid: str | None = told("UserID", values.userid)
    new_userid: str | None = told("NewUserID", values.userid)
    department_ids: tuple[int, ...] | None = told("Department", values.numbers)
    main_department: int | None = told("MainDepartment", values.number)
    status: int | None = told("Status", values.number)


@dataclass(frozen=True, slots=True, kw_only=True)
class DepartmentNews(News):
    """`change_contact` of a department (90971)."""

    ABOUT = "departments"

    id: str | None = told("Id", values.word)
    parent_id: str | None = told("ParentId", values.word)
    name: str | None = told("Name", values.word)
    order: int | None = told("Order", values.number)


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffTagNews(News):
    """`change_contact.update_tag`: who has a tag of the directory (90972)."""

    ABOUT = "stafftag:{tag_id}"

    tag_id: str | None = told("TagId", values.word)
    added_userids: tuple[str, ...] | None = told("AddUserItems", values.userids)
    removed_userids: tuple[str, ...] | None = told("DelUserItems", values.userids)
    added_department_ids: tuple[int, ...] | None = told("AddPartyItems", values.numbers)
    removed_department_ids: tuple[int, ...] | None = told("DelPartyItems", values.numbers)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentNews(News):
    """A member in the application: came into its range, opened it, chose from its menu (90240).

    What a person did once is told once.
    """

    ABOUT = "staff:{userid}"
    IS_HINT = False

    userid: str | None = told("FromUserName", values.userid)
    agent_id: str | None = told("AgentID", values.word)
    event_key: str | None = told("EventKey", values.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanNews(AgentNews):
    """`scancode_push`, `scancode_waitmsg`: what her camera read is private."""

    scan_type: str | None = told("ScanCodeInfo.ScanType", values.word)
    scan_result: str | None = told("ScanCodeInfo.ScanResult", values.text, private=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class PicturesNews(AgentNews):
    """`pic_sysphoto`, `pic_photo_or_album`, `pic_weixin`: pictures follow as messages."""

    count: int | None = told("SendPicsInfo.Count", values.number)
    digests: tuple[str, ...] | None = told(
        "SendPicsInfo", inside("PicList", "item", "PicMd5Sum", reader=values.text)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceNews(AgentNews):
    """`LOCATION`, `location_select`: where she is, or points at, is private."""

    latitude: float | None = told("Latitude", values.decimal, private=True)
    longitude: float | None = told("Longitude", values.decimal, private=True)
    precision: float | None = told("Precision", values.decimal, private=True)
    chosen_x: float | None = told("SendLocationInfo.Location_X", values.decimal, private=True)
    chosen_y: float | None = told("SendLocationInfo.Location_Y", values.decimal, private=True)
    label: str | None = told("SendLocationInfo.Label", values.text, private=True)
    place: str | None = told("SendLocationInfo.Poiname", values.text, private=True)


def _chosen(item: Any) -> dict[str, Any]:
    found: dict[str, Any] = item if isinstance(item, dict) else {}
    options = inside("OptionIds", "OptionId", reader=values.text)(found)
    return {"question": values.text(found.get("QuestionKey")), "options": list(options)}


@dataclass(frozen=True, slots=True, kw_only=True)
class CardNews(AgentNews):
    """A button, a choice or a menu of a template card was used (94945)."""

    task_id: str | None = told("TaskId", values.word)
    card_type: str | None = told("CardType", values.word)
    # Good once, for 24 hours, to change the card.
    response_code: str | None = told("ResponseCode", values.text)
    chosen: tuple[dict[str, Any], ...] | None = told(
        "SelectedItems", inside("SelectedItem", reader=_chosen)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationNews(News):
    """The application itself: suspended after long silence, opened again, shared, rearranged."""

    ABOUT = "application:{agent_id}"

    agent_id: str | None = told("AgentID", values.word)
    mode: int | None = told("Mode", values.number)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobNews(News):
    """`batch_job_result`, `upload_media_job_finish`: WeCom has finished what it was given."""

    ABOUT = "job:{job_id}"

    job_id: str | None = told("BatchJob.JobId", values.word)
    job_type: str | None = told("BatchJob.JobType", values.word)
    code: int | None = told("BatchJob.ErrCode", values.number)
    error: str | None = told("BatchJob.ErrMsg", values.word)


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadNews(News):
    """`upload_media_job_finish`: an upload by address has ended; how, is asked for (96488)."""

    ABOUT = "job:{job_id}"

    job_id: str | None = told("JobId", values.word)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenApprovalNews(News):
    """`open_approval_change`: an approval that a program began (90269)."""

    ABOUT = "approval:{number}"

    number: str | None = told("ApprovalInfo.ThirdNo", values.word)
    template_id: str | None = told("ApprovalInfo.OpenTemplateId", values.word)
    status: int | None = told("ApprovalInfo.OpenSpStatus", values.number)
    userid: str | None = told("ApprovalInfo.ApplyUserId", values.userid)
    step: int | None = told("ApprovalInfo.approverstep", values.number)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalNews(News):
    """`sys_approval_change`: an approval that somebody began in WeCom (91815)."""

    ABOUT = "approval:{number}"

    number: str | None = told("ApprovalInfo.SpNo", values.word)
    template_id: str | None = told("ApprovalInfo.TemplateId", values.word)
    status: int | None = told("ApprovalInfo.SpStatus", values.number)
    userid: str | None = told("ApprovalInfo.Applyer.UserId", values.userid)
    change: int | None = told("ApprovalInfo.StatuChangeEvent", values.number)


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageNews(News):
    """A member wrote to the application (90239). What she wrote stays in the inbox row."""

    ABOUT = "staff:{userid}"
    IS_HINT = False

    userid: str | None = told("FromUserName", values.userid)
    msgid: str | None = told("MsgId", values.word)
    type: str | None = told("MsgType", values.userid)
    agent_id: str | None = told("AgentID", values.word)
    media_id: str | None = told("MediaId", values.word)
    content: str | None = told("Content", values.text, private=True)
    address: str | None = told("Url", values.text, private=True)
    label: str | None = told("Label", values.text, private=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class RobotNews(News):
    """Somebody spoke to, or opened, a smart robot (100719, 101031); JSON, each `msgid` once.

    `response_url` answers once within an hour.
    """

    ABOUT = "robot:{robot_id}:{chat_id}{userid}"
    IS_HINT = False

    msgid: str | None = told("msgid", values.word)
    robot_id: str | None = told("aibotid", values.word)
    chat_id: str | None = told("chatid", values.word)
    chat_type: str | None = told("chattype", values.word)
    userid: str | None = told("from.userid", values.userid)
    corp_id: str | None = told("from.corpid", values.word)
    type: str | None = told("msgtype", values.word)
    response_url: str | None = told("response_url", values.text)
    stream_id: str | None = told("stream.id", values.word)
    event_key: str | None = told("event.template_card_event.event_key", values.text)
    task_id: str | None = told("event.template_card_event.task_id", values.word)
    content: str | None = told("text.content", values.text, private=True)
    spoken: str | None = told("voice.content", values.text, private=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneNews(News):
    """The data zone's program passes on what happened in it; keywords heard stay inside (100034).

    A token is what the program asks the zone about next.
    """

    ABOUT = "zone"

    userid: str | None = told("chat_archive_audit_approved.userid", values.userid)
    external_userid: str | None = told("chat_archive_audit_approved.external_userid", values.word)
    chat_id: str | None = told("chat_archive_audit_approved.chatid", values.word)
    message_token: str | None = told("conversation_new_message.token", values.text)
    keyword_token: str | None = told("hit_keyword.token", values.text)
    knowledge_base_id: str | None = told("auth_knowledge_base.knowledge_base_id", values.word)
    job_id: str | None = told("chat_archive_export_finished.jobid", values.word)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownNews(News):
    """A kind that nobody here knows: kept, and counted by name."""

    IS_HINT = False

    event: str | None = None
    change: str | None = None

    @property
    def name(self) -> str:
        """Under which it is counted."""
        return ".".join(part for part in (self.event, self.change) if part)
