"""HQ's picture of where members are met and what is missing, with a prepared play for each gap."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST

from members.datamap.actions import draw_map, open_play
from members.datamap.models import MapDay
from members.datamap.pictures import picture_of
from members.datamap.queries import newest_maps
from members.datamap.rules import gap_of
from stores.tablet.hq import ReadOnlyAdmin, actor_behind


@admin.register(MapDay)
class MapDayAdmin(ReadOnlyAdmin):
    """One picture in the list's place. It counts every region, so who sees some sees none of it."""

    def get_urls(self) -> list[URLPattern]:
        site = self.admin_site
        return [
            path("draw/", site.admin_view(require_POST(self.draw)), name="members_mapday_draw"),
            path(
                "play/<slug:key>/",
                site.admin_view(require_POST(self.play)),
                name="members_mapday_play",
            ),
            *super().get_urls(),
        ]

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(
            super().has_view_permission(request, obj) and actor_behind(request).scope.everything
        )

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The newest map."""
        self._must_see(request)
        newest, before = newest_maps()
        context = {
            **self.admin_site.each_context(request),
            "title": "数据地图",
            "picture": None if newest is None else picture_of(newest, before),
        }
        return TemplateResponse(request, "datamap/page.html", context)

    def draw(self, request: HttpRequest) -> HttpResponse:
        """Count now instead of tonight."""
        self._must_see(request)
        day = draw_map()
        messages.success(request, f"已重新计算 {day.members:,} 位会员，用时 {day.seconds:.1f} 秒。")
        return redirect("admin:members_mapday_changelist")

    def play(self, request: HttpRequest, key: str) -> HttpResponse:
        """Save the audience of a gap and go to it."""
        self._must_see(request)
        gap = gap_of(key)
        if gap is None:
            raise Http404
        if not request.user.has_perm("members.add_audience"):
            raise PermissionDenied
        audience = open_play(gap, by=actor_behind(request))
        messages.success(request, f"人群已备好。文案：{gap.text} 发到：{gap.where}。")
        return redirect(reverse("admin:members_audience_change", args=[audience.pk]))

    def _must_see(self, request: HttpRequest) -> None:
        if not self.has_view_permission(request):
            raise PermissionDenied
