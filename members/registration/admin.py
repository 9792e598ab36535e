"""HQ's screens for channel codes and for how registrations go."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Count, Model, Q, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from members.registration.admin_of_codes import ask_for_print
from members.registration.channel_codes import end_channel_code, make_channel_code
from members.registration.models import (
    ChannelCode,
    CodeRequest,
    OneTimeCode,
    Registration,
    RegistrationState,
    Scene,
)
from members.registration.qr import qr_of
from members.registration.tablet import address_of_code
from stores.org.hq import HouseAdmin, ReadOnlyAdmin, actor_behind


@admin.register(ChannelCode)
class ChannelCodeAdmin(HouseAdmin):
    store_path = "store"
    list_display = ("guide", "store", "scene", "campaign", "scans", "joined", "has_contact_way",
                    "is_active")  # fmt: skip
    list_filter = ("is_active", "scene", "store__region", "store", "campaign", "cost_centre")
    list_select_related = ("guide__store", "store")
    search_fields = ("guide__name", "guide__employee_no", "campaign", "cost_centre")
    autocomplete_fields = ("guide",)
    ordering = ("-created_at", "-pk")
    actions = ("print_them", "end")
    readonly_fields = ("address", "picture", "created_at")

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> Any:
        shown = [
            ("谁的码，放在哪里", {"fields": ("guide", "scene")}),
            ("花费怎么算", {"fields": ("campaign", "cost_centre")}),
            ("新好友先读到什么", {"fields": ("welcome_text",)}),
        ]
        if obj is not None:
            shown.append(("印出来", {"fields": ("address", "picture", "created_at")}))
        return shown

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        # A printed code stays what it is: only its words may change.
        fixed = () if obj is None else ("guide", "scene", "campaign")
        return (*super().get_readonly_fields(request, obj), *fixed)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        done = Q(registrations__state=RegistrationState.DONE)
        return (
            super()
            .get_queryset(request)
            .annotate(
                visits=Count("registrations", distinct=True),
                members=Count("registrations__member", filter=done, distinct=True),
            )
        )

    def save_model(
        self,
        request: HttpRequest,
        obj: Any,
        form: ModelForm[Any],
        change: bool,  # noqa: FBT001
    ) -> None:
        if change:
            super().save_model(request, obj, form, change)
            return
        made = make_channel_code(
            obj.guide_id,
            scene=Scene(obj.scene),
            campaign=obj.campaign,
            cost_centre=obj.cost_centre,
            welcome_text=obj.welcome_text,
            by=actor_behind(request),
        )
        obj.pk = made.pk

    @admin.action(description="打印选中的码", permissions=["view"])
    def print_them(self, request: HttpRequest, chosen: QuerySet[ChannelCode]) -> Any:
        back = reverse("admin:members_channelcode_changelist")
        return ask_for_print(request, chosen, kind="code", back=back)

    @admin.action(description="停用选中的码（扫了会提示已失效）", permissions=["change"])
    def end(self, request: HttpRequest, chosen: QuerySet[ChannelCode]) -> None:
        ended = [end_channel_code(code.pk, by=actor_behind(request)) for code in chosen]
        self.message_user(request, f"停用了 {len(ended)} 个码。")

    @admin.display(description="扫码")
    def scans(self, code: Any) -> int:
        return int(code.visits)

    @admin.display(description="入会")
    def joined(self, code: Any) -> int:
        return int(code.members)

    @admin.display(description="联系我", boolean=True)
    def has_contact_way(self, code: ChannelCode) -> bool:
        return bool(code.config_id)

    @admin.display(description="网址")
    def address(self, code: ChannelCode) -> str:
        return address_of_code(code)

    @admin.display(description="二维码")
    def picture(self, code: ChannelCode) -> SafeString:
        return format_html('<svg width="240" height="240">{}</svg>', qr_of(address_of_code(code)))


@admin.register(Registration)
class RegistrationAdmin(ReadOnlyAdmin):
    list_display = ("opened_at", "state", "guide", "store", "channel_code", "member", "finished_at")
    list_filter = ("state", "store__region", "store")
    list_select_related = ("guide__store", "store", "channel_code__guide", "member")
    search_fields = ("=member__card_no", "=guide__employee_no")
    search_help_text = "会员卡号或导购工号"
    date_hierarchy = "opened_at"
    ordering = ("-pk",)
    fields = ("opened_at", "state", "guide", "store", "channel_code", "notice", "decisions",
              "agreed_at", "member", "finished_at")  # fmt: skip

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return self.fields


@admin.register(OneTimeCode)
class OneTimeCodeAdmin(ReadOnlyAdmin):
    """Whether codes arrive; neither code nor phone is shown."""

    list_display = ("made_at", "sent_at", "tries", "used_at", "expires_at")
    list_filter = (("sent_at", admin.EmptyFieldListFilter),)
    ordering = ("-pk",)
    fields = ("registration", "made_at", "sent_at", "tries", "used_at", "expires_at")

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return self.fields


@admin.register(CodeRequest)
class CodeRequestAdmin(ReadOnlyAdmin):
    store_path = "channel_code__store"
    list_display = ("at", "channel_code")
    list_filter = ("channel_code__store",)
    list_select_related = ("channel_code__guide",)
    ordering = ("-pk",)
    fields = ("at", "channel_code")

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return self.fields
