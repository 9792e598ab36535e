"""All addresses: each floor lists its own, the house adds health, metrics, the API's pages."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path, register_converter
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

from config import front, health
from kit.fields import PublicIdConverter

register_converter(PublicIdConverter, "public")

urlpatterns = [
    path("", front.doors, name="doors"),
    path("healthz", health.alive, name="healthz"),
    path("readyz", health.ready, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", SpectacularSwaggerView.as_view(url_name="schema"), name="api-docs"),
    path("admin/", admin.site.urls),
    path("", include("wecom.urls")),
    path("", include("stores.urls")),
    path("", include("members.urls")),
    path("", include("groups.urls")),
    path("", include("bot.urls")),
]
