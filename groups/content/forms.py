"""HQ's form of a variant: what cannot be sent is refused while it is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from PIL import Image, UnidentifiedImageError

from groups.content.models import Variant
from groups.content.rules import host_is_allowed, text_fault

if TYPE_CHECKING:
    _VariantForm = forms.ModelForm[Variant]
else:
    _VariantForm = forms.ModelForm

# WeCom takes PNG and JPEG up to ten megabytes (doc 96484, 2024-07-22).
_KINDS = {"PNG", "JPEG"}
_PICTURE_BYTES = 10 * 1024 * 1024
_PIXELS = 40_000_000


class VariantForm(_VariantForm):
    """One wording: text, where its link leads, a picture."""

    class Meta:
        model = Variant
        fields = ("tier", "text", "product", "link_url", "link_title", "picture")

    def clean_text(self) -> str:
        text: str = self.cleaned_data["text"]
        fault = text_fault(text)
        if fault:
            raise forms.ValidationError(fault)
        return text

    def clean_link_url(self) -> str:
        url: str = self.cleaned_data["link_url"]
        if url and not host_is_allowed(url, settings.LINK_HOSTS):
            raise forms.ValidationError("链接只能指向允许的网址。我们自己的商品页请直接选商品。")
        return url

    def clean_picture(self) -> Any:
        picture = self.cleaned_data["picture"]
        if isinstance(picture, UploadedFile):
            _must_be_picture(picture)
        return picture


def _must_be_picture(file: UploadedFile) -> None:
    """Look into the file itself: its name and type are only what somebody says."""
    if (file.size or 0) > _PICTURE_BYTES:
        raise forms.ValidationError("图片最大 10 MB。")
    try:
        with Image.open(file) as image:
            kind, size = image.format, image.width * image.height
    except (UnidentifiedImageError, OSError, Image.DecompressionBombError) as error:
        raise forms.ValidationError("这个文件不是图片，请用 PNG 或 JPG。") from error
    finally:
        file.seek(0)
    if kind not in _KINDS or size > _PIXELS:
        raise forms.ValidationError("请用 PNG 或 JPG 图片，不要超过四千万像素。")
    file.name = f"picture.{'png' if kind == 'PNG' else 'jpg'}"
