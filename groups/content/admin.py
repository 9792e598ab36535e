"""HQ's library: write, have a second person approve, retire."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, QuerySet
from django.forms import BaseModelFormSet, ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.views.decorators.http import require_POST
from unfold.admin import StackedInline

from groups.content import actions
from groups.content.errors import MaterialError
from groups.content.forms import VariantForm
from groups.content.models import Material, MaterialState, Variant
from stores.org.hq import HouseAdmin, actor_behind


class VariantInline(StackedInline):
    """What it says to each tier."""

    model = Variant
    form = VariantForm
    extra = 0
    fields = (("tier", "product"), "text", ("link_url", "link_title"), "picture")
    verbose_name_plural = "各等级怎么说（不选等级的一条给其余所有人）"


@admin.register(Material)
class MaterialAdmin(HouseAdmin):
    list_display = (
        "title", "kind", "state", "variants_count", "created_by", "approved_by", "valid_until",
    )  # fmt: skip
    list_filter = ("state", "kind")
    list_select_related = ("created_by", "approved_by")
    search_fields = ("title", "variants__text")
    readonly_fields = ("state", "created_by", "created_at", "approved_by", "approved_at")
    inlines = (VariantInline,)
    fieldsets = (
        ("这是什么", {"fields": (("title", "kind"), "valid_until")}),
        ("谁写的、谁审的", {"fields": (("state", "created_by"), ("approved_by", "approved_at"))}),
    )
    change_form_outer_before_template = "admin/groups/material_state.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Material]:
        return super().get_queryset(request).annotate(variants_in_it=Count("variants"))

    @admin.display(description="文案数")
    def variants_count(self, row: Any) -> int:
        return int(row.variants_in_it)

    # ------------------------------------------------------------ writing

    def save_model(
        self,
        request: HttpRequest,
        obj: Material,
        form: ModelForm[Any],
        change: bool,  # noqa: FBT001
    ) -> None:
        if not change:
            obj.created_by = request.user  # type: ignore[assignment]
        super().save_model(request, obj, form, change)

    def save_related(
        self,
        request: HttpRequest,
        form: ModelForm[Any],
        formsets: Iterable[BaseModelFormSet[Any, Any]],
        change: bool,  # noqa: FBT001
    ) -> None:
        edited = form.has_changed() or any(formset.has_changed() for formset in formsets)
        super().save_related(request, form, formsets, change)
        if change and edited and form.instance.state != MaterialState.DRAFT:
            actions.reopen_material(form.instance.pk, by=actor_behind(request))
            messages.info(request, "内容改过了，素材回到草稿，请另一位同事重新审核。")

    # ------------------------------------------------------------ approving, retiring

    def get_urls(self) -> list[URLPattern]:
        own = [
            path(
                "<int:material_id>/approve/",
                self.admin_site.admin_view(require_POST(self.approve)),
                name="groups_material_approve",
            ),
            path(
                "<int:material_id>/retire/",
                self.admin_site.admin_view(require_POST(self.retire)),
                name="groups_material_retire",
            ),
        ]
        return own + super().get_urls()

    def approve(self, request: HttpRequest, material_id: int) -> HttpResponse:
        """Approve; whoever wrote it is refused."""
        return self._do(
            request,
            material_id,
            lambda: actions.approve_material(material_id, by=actor_behind(request)),
            "已审核，可以用来群发了。",
        )

    def retire(self, request: HttpRequest, material_id: int) -> HttpResponse:
        """Take out of use from now on."""
        return self._do(
            request,
            material_id,
            lambda: actions.retire_material(
                material_id, at=timezone.now(), by=actor_behind(request)
            ),
            "素材已停用，发出去的不受影响。",
        )

    def _do(
        self, request: HttpRequest, material_id: int, act: Callable[[], object], done: str
    ) -> HttpResponse:
        if self.has_change_permission(request):
            try:
                act()
                messages.success(request, done)
            except MaterialError as error:
                messages.error(request, error.text)
        return redirect(reverse("admin:groups_material_change", args=[material_id]))
