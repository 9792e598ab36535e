"""HQ's list of disputes, and HQ's decision where no manager may give it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.views.decorators.http import require_POST

from stores.disputes.actions import decide_dispute
from stores.disputes.errors import NotForYou, NotOpen, NoWords
from stores.disputes.models import Dispute
from stores.disputes.queries import is_for, names_of, shares_of, touches_behind
from stores.disputes.rules import PERCENTS
from stores.org.hq import ReadOnlyAdmin, actor_behind
from stores.org.models import Account


@admin.register(Dispute)
class DisputeAdmin(ReadOnlyAdmin):
    """Open ones by what is due first; each opens to both sides and the decision."""

    store_path = "store"
    list_display = ("receipt_no", "store", "claimant", "reason", "state", "opened_at", "due")
    list_filter = ("state", "reason", "store")
    list_select_related = ("store", "claimant")
    search_fields = ("=receipt_no", "claimant__name")
    search_help_text = "小票号或申诉人"
    # What is open first, by what is due; then the latest decisions.
    ordering = (F("decided_at").desc(nulls_first=True), "due_at", "id")  # type: ignore[assignment]
    change_form_before_template = "admin/disputes/dispute.html"
    fields = ("receipt_no", "source", "store", "claimant", "reason", "state", "opened_at", "due_at")

    @admin.display(description="裁定", ordering="due_at")
    def due(self, row: Dispute) -> str:
        if not row.is_open:
            return f"{timezone.localtime(row.decided_at):%-m 月 %-d 日}" if row.decided_at else "—"
        day = timezone.localtime(row.due_at)
        late = "，已超期" if row.due_at < timezone.now() else ""
        return f"{day:%-m 月 %-d 日}前{late}"

    def get_urls(self) -> list[URLPattern]:
        return [
            path(
                "<int:key>/decide/",
                self.admin_site.admin_view(require_POST(self.decide)),
                name="stores_dispute_decide",
            ),
            *super().get_urls(),
        ]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        found = self.get_object(request, object_id)
        more = self._around(request, found) if found is not None else {}
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **more})

    def _around(self, request: HttpRequest, found: Dispute) -> dict[str, Any]:
        shares = shares_of(found.source, found.receipt_no)
        sums: dict[int, int] = {}
        for each in shares.values():
            for guide, amount in each.items():
                sums[guide] = sums.get(guide, 0) + amount
        names = names_of(sums.keys())
        return {
            "parties": list(
                found.parties.select_related("guide__store").order_by("-is_claimant", "pk")
            ),
            "touches": touches_behind(found),
            "total": sum(sums.values()),
            "held": [(names.get(guide, "—"), amount) for guide, amount in sorted(sums.items())],
            "percents": PERCENTS,
            "may_decide": self._may_decide(request, found),
        }

    def _may_decide(self, request: HttpRequest, found: Dispute) -> bool:
        return (
            found.is_open
            and request.user.has_perm("stores.change_dispute")
            and is_for(actor_behind(request).scope, None, found)
        )

    def decide(self, request: HttpRequest, key: int) -> HttpResponse:
        """HQ's decision."""
        found = get_object_or_404(self.get_queryset(request), pk=key)
        if not request.user.has_perm("stores.change_dispute"):
            raise PermissionDenied
        said = request.POST.get("percent", "")
        percent = int(said) if said.isascii() and said.isdigit() and len(said) < 4 else -1
        account = request.user
        name = account.name if isinstance(account, Account) else ""
        try:
            decide_dispute(
                found, percent=percent, verdict=request.POST.get("text", ""), judge=None,
                name=name, now=timezone.now(), by=actor_behind(request),
            )  # fmt: skip
        except (NotOpen, NotForYou, NoWords) as error:
            messages.error(request, str(error.__doc__))
        else:
            messages.success(request, "裁定好了，双方都会看到；已结算的月份不动，差额记作补差。")
        return redirect("admin:stores_dispute_change", key)
