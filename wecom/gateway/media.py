"""Calls that carry files: to WeCom for some days or for good, and from WeCom."""

from __future__ import annotations

from typing import Final

from wecom.gateway.answers import Answer
from wecom.gateway.bounds import Bounds
from wecom.gateway.chapters import Chapter
from wecom.gateway.downloads import download
from wecom.gateway.moments import JOB_STATES
from wecom.gateway.types import FetchJob

# Megabytes (document 96484, 2024-07-22).
_MEDIA: Final = {"image": 10, "voice": 2, "video": 10, "file": 20}
_ATTACHMENTS: Final = {"image": 10, "video": 10, "file": 20}
_USES: Final = {"moment": 1, "product": 2}


class MediaCalls(Chapter):
    """Uploads change nothing that matters twice; a repeated one has another id."""

    def upload_image(self, name: str, content: bytes) -> str:
        """A media id that lives three days."""
        return self.upload_media("image", name, content)

    def upload_media(self, kind: str, name: str, content: bytes) -> str:
        """A media id for three days, for all applications; image, voice, video or file."""
        api = "media/upload"
        bounds = Bounds(api)
        bounds.one_of("素材类型", kind, _MEDIA)
        bounds.size("素材", content, _MEDIA[kind])
        return Answer(self._client.upload(api, name, content, type=kind), api).key("media_id")

    def upload_picture(self, name: str, content: bytes) -> str:
        """The address of a picture for good; shown inside WeCom only, 1000 a day."""
        api = "media/uploadimg"
        Bounds(api).size("图片", content, 2)
        return Answer(self._client.upload(api, name, content), api).key("url")

    def upload_attachment(
        self, kind: str, name: str, content: bytes, *, for_: str = "moment"
    ) -> str:
        """A media id for a moment (image, video) or a product; of no use anywhere else (41072)."""
        api = "media/upload_attachment"
        bounds = Bounds(api)
        bounds.one_of("附件用途", for_, _USES)
        bounds.one_of("附件类型", kind, _ATTACHMENTS)
        if for_ == "moment" and kind == "file":
            bounds.refuse("朋友圈附件只支持图片和视频")
        bounds.size("附件", content, _ATTACHMENTS[kind])
        use = {"media_type": kind, "attachment_type": _USES[for_]}
        return Answer(self._client.upload(api, name, content, **use), api).key("media_id")

    def fetch_by_url(self, kind: str, name: str, url: str, md5: str) -> str:
        """Let WeCom fetch a video or file of up to 200 MB for a group's welcome; a job's id."""
        api = "media/upload_by_url"
        bounds = Bounds(api)
        bounds.one_of("素材类型", kind, ("video", "file"))
        bounds.octets("文件名", name, 128, least=1)
        asked = {"scene": 1, "type": kind, "filename": name, "url": url, "md5": md5}
        return self._change(api, asked).key("jobid")

    def fetched(self, jobid: str) -> FetchJob:
        """What became of it, for an hour."""
        found = self._ask("media/get_upload_by_url_result", {"jobid": jobid})
        detail = found.part("detail")
        return FetchJob(
            state=found.one_of("status", JOB_STATES, "waiting"),
            media_id=detail.text("media_id"),
            code=detail.number("errcode"),
            message=detail.text("errmsg"),
        )

    def media(self, media_id: str) -> bytes:
        """The file itself. Raises MediaRefused for one that is older than three days."""
        return download(self._client, "media/get", media_id=media_id)
