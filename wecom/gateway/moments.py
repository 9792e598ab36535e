"""Calls about moments (客户朋友圈): asked for here, published by each guide in her client."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from wecom.gateway.answers import Answer
from wecom.gateway.attachments import Attachment, wecom_attachment
from wecom.gateway.bounds import Bounds
from wecom.gateway.chapters import Chapter
from wecom.gateway.types import Moment, MomentJob, MomentReaction, MomentReactions, MomentTask
from wecom.gateway.types.moments import JobState

JOB_STATES: Final[dict[int, JobState]] = {1: "waiting", 2: "working", 3: "done"}
_FILTERS: Final = {"corp": 0, "personal": 1, "all": 2}
# How many of a kind; kinds do not mix (document 95094).
_MOST: Final = {"image": 9, "video": 1, "link": 1}


class MomentCalls(Chapter):
    """Making and following moments. Nothing is published by a call."""

    def create_moment(
        self,
        text: str,
        attachments: Sequence[Attachment] = (),
        *,
        userids: Sequence[str] = (),
        department_ids: Sequence[int] = (),
        tag_ids: Sequence[str] = (),
    ) -> str:
        """Ask guides to publish; the answer is a job to ask about for 24 hours.

        Nine pictures, or one video, or one link, with media ids of `upload_attachment`. Without
        guides and departments all in range are asked; `tag_ids` narrows who sees it.
        """
        api = "externalcontact/add_moment_task"
        asked = _content(api, text, attachments)
        Bounds(api).count("导购", userids, 100_000)
        senders = {"user_list": list(userids), "department_list": list(department_ids)}
        asked["visible_range"] = {
            "sender_list": {name: found for name, found in senders.items() if found},
            "external_contact_list": {"tag_list": list(tag_ids)} if tag_ids else {},
        }
        return self._change(api, asked).key("jobid")

    def moment_job(self, jobid: str) -> MomentJob:
        """What became of the job; an unknown state is asked about again."""
        found = self._ask("externalcontact/get_moment_task_result", jobid=jobid)
        result = found.part("result")
        senders, audience = result.part("invalid_sender_list"), "invalid_external_contact_list"
        return MomentJob(
            state=found.one_of("status", JOB_STATES, "waiting"),
            moment_id=result.text("moment_id"),
            code=result.number("errcode"),
            message=result.text("errmsg"),
            invalid_userids=senders.userids("user_list"),
            invalid_department_ids=senders.numbers("department_list"),
            invalid_tag_ids=result.part(audience).texts("tag_list"),
        )

    def cancel_moment(self, moment_id: str) -> None:
        """Stop what is not published yet; what is published stays with its guide."""
        self._change("externalcontact/cancel_moment_task", {"moment_id": moment_id})

    def moments_between(
        self, since: datetime, until: datetime, *, creator: str = "", kind: str = "all"
    ) -> list[Moment]:
        """Moments of a time, of at most 30 days; `kind` is corp, personal or all."""
        api = "externalcontact/get_moment_list"
        bounds = Bounds(api)
        bounds.days("朋友圈时间", since, until, 30)
        bounds.one_of("朋友圈类型", kind, _FILTERS)
        asked: dict[str, Any] = {
            "start_time": int(since.timestamp()),
            "end_time": int(until.timestamp()),
            "filter_type": _FILTERS[kind],
            # 100 in 2022, 20 in the page of 2023-12 (document 93333): the smaller one works.
            "limit": 20,
        }
        if creator:
            asked["creator"] = creator
        pages = self._pages(api, asked)
        return [found for page in pages for found in page.rows("moment_list", _moment)]

    def moment_tasks(self, moment_id: str) -> list[MomentTask]:
        """Who was asked, and who published; for moments of the corp only (41067)."""
        pages = self._pages(
            "externalcontact/get_moment_task", {"moment_id": moment_id, "limit": 1000}
        )
        return [found for page in pages for found in page.rows("task_list", _task)]

    def moment_audience(self, moment_id: str, userid: str) -> list[str]:
        """Whom a guide chose to see it: external ids."""
        asked = {"moment_id": moment_id, "userid": userid, "limit": 1000}
        return self._customers("externalcontact/get_moment_customer_list", asked)

    def moment_viewers(self, moment_id: str, userid: str) -> list[str]:
        """To whom it was shown: external ids."""
        asked = {"moment_id": moment_id, "userid": userid, "limit": 5000}
        return self._customers("externalcontact/get_moment_send_result", asked)

    def moment_comments(self, moment_id: str, userid: str) -> MomentReactions:
        """Who liked a guide's moment and who wrote below it; never what was written."""
        asked = {"moment_id": moment_id, "userid": userid}
        found = self._ask("externalcontact/get_moment_comments", asked)
        return MomentReactions(
            comments=found.rows("comment_list", _reaction),
            likes=found.rows("like_list", _reaction),
        )

    def _customers(self, api: str, asked: dict[str, Any]) -> list[str]:
        pages = self._pages(api, asked)
        read = lambda row: row.key("external_userid")  # noqa: E731
        return [found for page in pages for found in page.rows("customer_list", read)]


def _content(api: str, text: str, attachments: Sequence[Attachment]) -> dict[str, Any]:
    bounds = Bounds(api)
    bounds.some("文字与附件", text, attachments)
    bounds.characters("朋友圈文字", text, 2000)
    bounds.octets("朋友圈文字", text, 4000)
    kinds = {str(one.get("kind", "")) for one in attachments}
    if len(kinds) > 1:
        bounds.refuse("朋友圈附件只能是图片、视频、链接中的一种")
    for kind in kinds:
        bounds.one_of("朋友圈附件类型", kind, _MOST)
        bounds.count("朋友圈附件", attachments, _MOST[kind])
    for one in attachments:
        bounds.octets("链接标题", str(one.get("title", "")), 64)
    asked: dict[str, Any] = {"attachments": [wecom_attachment(one) for one in attachments]}
    return asked | ({"text": {"content": text}} if text else {})


def _moment(row: Answer) -> Moment:
    link = row.part("link")
    return Moment(
        moment_id=row.key("moment_id"),
        creator_userid=row.text("creator").lower(),
        created_at=row.at("create_time"),
        is_personal=row.number("create_type") == 1,
        is_public=row.number("visible_type") == 1,
        text=row.part("text").text("content"),
        picture_ids=row.rows("image", lambda picture: picture.text("media_id")),
        video_id=row.part("video").text("media_id"),
        link_title=link.text("title"),
        link_url=link.text("url"),
    )


def _task(row: Answer) -> MomentTask:
    return MomentTask(row.userid("userid"), row.number("publish_status") == 1)


def _reaction(row: Answer) -> MomentReaction:
    external = row.text("external_userid")
    return MomentReaction(
        id=external or row.userid("userid"),
        is_staff=not external,
        at=row.at("create_time"),
    )
