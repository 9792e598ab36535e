"""The addresses of this floor, listed room by room."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from groups.chats import tablet as chats
from groups.content import pages as products
from groups.content import tablet as content
from groups.pushes import pages as links
from groups.pushes import tablet as pushes

urlpatterns: list[URLPattern | URLResolver] = [
    # chats
    path("tablet/groups/", chats.groups, name="tablet-groups"),
    path("tablet/groups/<public:public_id>/", chats.group, name="tablet-group"),
    path(
        "tablet/handover/<public:public_id>/groups/",
        chats.handed_over,
        name="tablet-handover-groups",
    ),
    path(
        "tablet/handover/<public:public_id>/groups/settle/",
        chats.settle_handed_over,
        name="tablet-handover-groups-settle",
    ),
    # content
    path("tablet/materials/", content.materials, name="tablet-materials"),
    path(
        "tablet/materials/<public:public_id>/picture/",
        content.picture,
        name="tablet-material-picture",
    ),
    path("p/<str:sku>/", products.product_page, name="product-page"),
    # pushes
    path("tablet/tasks/", pushes.tasks, name="tablet-tasks"),
    path("tablet/tasks/<public:public_id>/", pushes.task, name="tablet-task"),
    path(
        "tablet/tasks/<public:public_id>/confirmed/",
        pushes.confirmed,
        name="tablet-task-confirmed",
    ),
    path("s/<str:code>", links.tracked_link, name="tracked-link"),
    path("s/<str:code>/back", links.tracked_link_back, name="tracked-link-back"),
]
