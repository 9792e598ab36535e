"""HQ's screens for places, people and keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from axes.models import AccessAttempt
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.db.models import Count, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from stores.org.actions import (
    hire_guide,
    issue_key,
    record_leaving,
    record_moving,
    record_return,
    set_pin,
)
from stores.org.forms import GuideForm, MachineKeyForm, OpeningHoursForm, StoreForm
from stores.org.hq import HouseAdmin, HouseInline, ReadOnlyAdmin, actor_behind
from stores.org.models import (
    Account,
    Guide,
    LegalEntity,
    MachineKey,
    OpeningHours,
    Region,
    Store,
)

if TYPE_CHECKING:
    _UserAdmin = UserAdmin[Any]
else:
    _UserAdmin = UserAdmin


@admin.register(LegalEntity)
class LegalEntityAdmin(HouseAdmin):
    list_display = ("name", "contact", "stores_count")
    search_fields = ("name",)
    fieldsets = (
        ("谁对会员的个人信息负责", {"fields": ("name", "address")}),
        ("会员怎样找到你们", {"fields": ("contact",)}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[LegalEntity]:
        return super().get_queryset(request).annotate(stores_in_it=Count("stores"))

    @admin.display(description="门店数")
    def stores_count(self, row: Any) -> int:
        return int(row.stores_in_it)


@admin.register(Region)
class RegionAdmin(HouseAdmin):
    list_display = ("name", "stores_count")
    search_fields = ("name",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Region]:
        found = super().get_queryset(request).annotate(stores_in_it=Count("stores"))
        scope = actor_behind(request).scope
        return found if scope.everything else found.filter(stores__in=scope.stores).distinct()

    @admin.display(description="门店数")
    def stores_count(self, row: Any) -> int:
        return int(row.stores_in_it)


class OpeningHoursInline(HouseInline):
    model = OpeningHours
    form = OpeningHoursForm
    ordering = ("-since",)
    verbose_name_plural = "营业时间（有起止日期的优先于平日，不填时间表示不营业）"


@admin.register(Store)
class StoreAdmin(HouseAdmin):
    store_path = "pk"
    form = StoreForm
    list_display = ("code", "name", "region", "entity", "phone", "opened_on", "closed_on")
    list_display_links = ("code", "name")
    list_filter = ("region", "entity", ("closed_on", admin.EmptyFieldListFilter))
    list_select_related = ("region", "entity")
    search_fields = ("code", "name", "address")
    inlines = (OpeningHoursInline,)
    fieldsets = (
        ("这是哪家店", {"fields": (("code", "name"), ("region", "entity"))}),
        ("客人怎样找到它", {"fields": ("address", "phone", ("latitude", "longitude"))}),
        ("客人从多远来", {"fields": (("catchment_metres", "time_zone"),)}),
        ("从什么时候到什么时候", {"fields": (("opened_on", "closed_on"),)}),
    )


@admin.register(Account)
class AccountAdmin(_UserAdmin, HouseAdmin):
    """People who sign in. Who may do everything is said only by somebody who may."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("username", "name", "is_staff", "is_active", "last_login")
    list_filter = ("is_staff", "is_superuser", "is_active", "groups")
    search_fields = ("username", "name")
    ordering = ("username",)
    filter_horizontal = ("groups", "user_permissions", "regions")
    readonly_fields = ("last_login", "created_at")
    fieldsets = (
        ("这是谁", {"fields": (("username", "name"), "password")}),
        ("可以进哪里", {"fields": (("is_active", "is_staff"), "regions")}),
        ("可以做什么", {"fields": ("groups", "is_superuser", "user_permissions")}),
        ("时间", {"fields": (("created_at", "last_login"),)}),
    )
    add_fieldsets = (
        (None, {"classes": ("wide",), "fields": ("username", "name", "password1", "password2")}),
    )
    _RIGHTS: ClassVar = ("is_superuser", "is_staff", "groups", "user_permissions", "regions")

    @method_decorator(sensitive_post_parameters())
    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        return self._add_view(request, form_url, extra_context)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Account]:
        found = super().get_queryset(request)
        return found if _may_do_everything(request) else found.filter(is_superuser=False)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fixed = super().get_readonly_fields(request, obj)
        return fixed if _may_do_everything(request) else [*fixed, *self._RIGHTS]


@admin.register(Guide)
class GuideAdmin(HouseAdmin):
    store_path = "store"
    form = GuideForm
    list_display = ("employee_no", "name", "store", "role", "wecom_userid", "has_pin", "left_on")
    list_display_links = ("employee_no", "name")
    list_filter = ("role", "store__region", "store", ("left_on", admin.EmptyFieldListFilter))
    list_select_related = ("store",)
    search_fields = ("employee_no", "name", "wecom_userid")
    fieldsets = (
        ("这是谁", {"fields": (("employee_no", "name"), ("store", "role"))}),
        ("怎样登录", {"fields": (("wecom_userid", "new_pin"), "thumb_side")}),
        ("从什么时候到什么时候", {"fields": (("joined_on", "left_on"),)}),
    )

    @admin.display(description="PIN")
    def has_pin(self, guide: Guide) -> str:
        return "已设置" if guide.pin_hash else "—"

    def save_model(
        self,
        request: HttpRequest,
        obj: Guide,
        form: ModelForm[Guide],
        change: bool,  # noqa: FBT001
    ) -> None:
        by, left_on, left_before = actor_behind(request), obj.left_on, form.initial.get("left_on")
        # Leaving is more than a date: it has an action of its own.
        obj.left_on = left_before
        if change:
            super().save_model(request, obj, form, change)
        else:
            hire_guide(obj, by=by)
        if change and "store" in form.changed_data:
            record_moving(obj, from_store=int(form.initial["store"]), by=by)
        if left_on != left_before:
            if left_on is None:
                record_return(obj, by=by)
            else:
                record_leaving(obj, on=left_on, by=by)
        if form.cleaned_data.get("new_pin"):
            set_pin(obj, pin=form.cleaned_data["new_pin"], by=by)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A guide who has left stays: facts name her."""
        return False


@admin.register(MachineKey)
class MachineKeyAdmin(HouseAdmin):
    """Keys of tills. The text is shown once, by the page that answers the form."""

    form = MachineKeyForm
    list_display = ("name", "source", "scopes_shown", "store", "is_active", "created_at")
    list_filter = ("is_active", "store")
    list_select_related = ("store",)
    search_fields = ("name", "source")
    fieldsets = (
        ("这是哪台机器", {"fields": (("name", "source"), "store")}),
        ("可以做什么", {"fields": ("scopes", "is_active")}),
    )

    @admin.display(description="权限")
    def scopes_shown(self, key: MachineKey) -> str:
        return "、".join(key.scopes) or "—"

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        # Receipts are told apart by it: a renamed source would count them again.
        return ["source"] if obj else []

    def save_model(
        self,
        request: HttpRequest,
        obj: MachineKey,
        form: ModelForm[MachineKey],
        change: bool,  # noqa: FBT001
    ) -> None:
        if change:
            super().save_model(request, obj, form, change)
        else:
            request._key_text = issue_key(obj, by=actor_behind(request))  # type: ignore[attr-defined]

    def response_add(
        self, request: HttpRequest, obj: MachineKey, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Show the key in this answer only: a redirect would have to keep it somewhere."""
        context = {
            **self.admin_site.each_context(request),
            "title": "密钥只显示这一次",
            "key": obj,
            "text": request._key_text,  # type: ignore[attr-defined]
        }
        response = TemplateResponse(request, "admin/key_shown_once.html", context)
        response.headers["Cache-Control"] = "no-store"
        return response

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A key is switched off, not deleted: receipts name its source."""
        return False


@admin.register(LogEntry)
class LogEntryAdmin(ReadOnlyAdmin):
    """Who changed what in these screens."""

    list_display = ("action_time", "user", "content_type", "object_repr", "action_flag")
    list_filter = ("action_flag", "content_type")
    list_select_related = ("user", "content_type")
    search_fields = ("object_repr",)
    date_hierarchy = "action_time"


@admin.register(AccessAttempt)
class AccessAttemptAdmin(ReadOnlyAdmin):
    """Names that are locked out; deleting a row lets them try again."""

    list_display = ("attempt_time", "username", "ip_address", "failures_since_start")
    search_fields = ("username", "ip_address")
    fields = ("attempt_time", "username", "ip_address", "failures_since_start", "path_info")
    readonly_fields = fields

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("axes.delete_accessattempt")


admin.site.unregister(Group)


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin, HouseAdmin):
    """Roles: sets of permissions that accounts are given."""


def _may_do_everything(request: HttpRequest) -> bool:
    return bool(getattr(request.user, "is_superuser", False))
