"""The addresses of this floor, listed room by room."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from bot.channels import sidebar
from bot.escalations import tablet as escalations
from bot.replies import tablet as replies

urlpatterns: list[URLPattern | URLResolver] = [
    path("tablet/drafts/", replies.drafts, name="tablet-drafts"),
    path("tablet/drafts/<public:public_id>/", replies.draft, name="tablet-draft"),
    path("tablet/drafts/<public:public_id>/copied/", replies.copied, name="tablet-draft-copied"),
    path("tablet/drafts/<public:public_id>/dismiss/", replies.dismiss, name="tablet-draft-dismiss"),
    path(
        "tablet/drafts/<public:public_id>/take-back/",
        replies.take_back,
        name="tablet-draft-take-back",
    ),
    path("tablet/escalations/", escalations.escalations, name="tablet-escalations"),
    path(
        "tablet/escalations/<public:public_id>/", escalations.escalation, name="tablet-escalation"
    ),
    path(
        "tablet/escalations/<public:public_id>/take/",
        escalations.take,
        name="tablet-escalation-take",
    ),
    path(
        "tablet/escalations/<public:public_id>/answered/",
        escalations.answered,
        name="tablet-escalation-answered",
    ),
    path(
        "tablet/escalations/<public:public_id>/manager/",
        escalations.to_manager,
        name="tablet-escalation-manager",
    ),
    path("sidebar/", sidebar.home, name="sidebar-home"),
    path("sidebar/chat/", sidebar.chat, name="sidebar-chat"),
    path("sidebar/signature/", sidebar.signature, name="sidebar-signature"),
    path("sidebar/drafts/<public:public_id>/sent/", sidebar.draft_sent, name="sidebar-draft-sent"),
    path(
        "sidebar/drafts/<public:public_id>/dismiss/",
        sidebar.draft_dismissed,
        name="sidebar-draft-dismiss",
    ),
    path(
        "sidebar/escalations/<public:public_id>/answered/",
        sidebar.escalation_answered,
        name="sidebar-escalation-answered",
    ),
]
