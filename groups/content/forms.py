"""HQ's form of a variant: what cannot be sent is refused while it is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, BinaryIO, cast

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile

from groups.content.models import Variant
from groups.content.rules import host_is_allowed, text_fault
from groups.content.uploads import UnfitPicture, pixels_of

if TYPE_CHECKING:
    _VariantForm = forms.ModelForm[Variant]
else:
    _VariantForm = forms.ModelForm


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
        if not isinstance(picture, UploadedFile):
            return picture
        try:
            return pixels_of(cast(BinaryIO, picture), size=picture.size or 0)
        except UnfitPicture as fault:
            raise forms.ValidationError(str(fault)) from fault
