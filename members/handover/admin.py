"""HQ's hand-overs: begin one, choose successors, look at the preview, decide, follow, settle."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST

from members.handover.arranging import (
    choose_customer,
    page_of,
    people_of,
    read_form,
    settle_customers,
    successors_offered,
)
from members.handover.models import CustomerTransfer
from stores.org.access import answers_for, hand_over_for
from stores.org.errors import HandOverError
from stores.org.handing_over import (
    arrange_hand_over,
    decide_hand_over,
    propose_hand_over,
    stop_hand_over,
)
from stores.org.hq import HouseAdmin, ReadOnlyAdmin, actor_behind
from stores.org.models import HandOver, HandOverReason
from stores.org.queries import people_found

_REASONS = set(HandOverReason.values)
# How many guides a search offers.
_OFFERED = 8


@admin.register(HandOver)
class HandOverAdmin(HouseAdmin):
    """A list that leads to one page per hand-over; its state changes by actions alone."""

    store_path = "store"
    list_display = ("guide", "reason", "store", "state", "proposed_at", "decided_at", "ended_at")
    list_filter = ("state", "reason", "store__region", "store")
    list_select_related = ("guide__store", "store")
    search_fields = ("guide__name", "guide__employee_no")
    date_hierarchy = "proposed_at"

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        def at(name: str, view: Callable[..., HttpResponse]) -> URLPattern:
            return path(
                f"<int:number>/{name}/",
                self.admin_site.admin_view(view),
                name=f"stores_handover_{name}",
            )

        return [
            at("arrange", require_POST(self.arrange)),
            at("decide", require_POST(self.decide)),
            at("stop", require_POST(self.stop)),
            at("customers", self.customers),
            at("choose", require_POST(self.choose)),
            at("settle", require_POST(self.settle)),
            *super().get_urls(),
        ]

    # ------------------------------------------------------------ pages

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Who, and why. Nothing moves by it."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        by = actor_behind(request)
        if request.method == "POST":
            wanted, reason = request.POST.get("guide", ""), request.POST.get("reason", "")
            key = int(wanted) if wanted.isdecimal() else 0
            if not people_found(by.scope).filter(pk=key).exists() or reason not in _REASONS:
                raise Http404
            return self._to(propose_hand_over(key, reason=HandOverReason(reason), by=by).pk)
        words = request.GET.get("q", "").strip()[:30]
        context = self._context(request, "开始一次交接") | {
            "words": words,
            "guides": list(people_found(by.scope, words)[:_OFFERED]),
            "reasons": HandOverReason.choices,
        }
        return TemplateResponse(request, "admin/handover/begin.html", context)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: Any = None,
    ) -> HttpResponse:
        """Arrange and preview while it is proposed; then how far it is."""
        handover = self._found(request, object_id)
        context = self._context(request, str(handover))
        context |= page_of(actor_behind(request), handover, request.GET.get("q", ""))
        context["may_change"] = self.has_change_permission(request, handover)
        return TemplateResponse(request, "admin/handover/hand_over.html", context)

    def customers(self, request: HttpRequest, number: int) -> HttpResponse:
        """The names behind the counts."""
        handover = self._found(request, number)
        page = request.GET.get("page", "1")
        context = self._context(request, f"{handover} · 客户")
        context |= page_of(actor_behind(request), handover)
        context |= people_of(handover, int(page) if page.isdecimal() else 1)
        context["successors"] = successors_offered(actor_behind(request), handover)
        context["may_change"] = self.has_change_permission(request, handover)
        return TemplateResponse(request, "admin/handover/customers.html", context)

    # ------------------------------------------------------------ acts

    def arrange(self, request: HttpRequest, number: int) -> HttpResponse:
        shares, terms = read_form(request.POST)
        return self._do(
            request,
            number,
            lambda pk, by: arrange_hand_over(pk, shares=shares, terms=terms, by=by),
            "预览更新了，还没有动任何客户。",
        )

    def decide(self, request: HttpRequest, number: int) -> HttpResponse:
        seen = request.POST.get("version", "")
        version = int(seen) if seen.isdecimal() else -1
        return self._do(
            request,
            number,
            lambda pk, by: decide_hand_over(pk, version=version, by=by),
            "决定好了，进展会自己更新。",
        )

    def stop(self, request: HttpRequest, number: int) -> HttpResponse:
        return self._do(
            request,
            number,
            lambda pk, by: stop_hand_over(pk, by=by),
            "停下了。已经提交给企业微信的会继续走完。",
        )

    def choose(self, request: HttpRequest, number: int) -> HttpResponse:
        handover = self._found(request, number)
        self._do(
            request,
            number,
            lambda _, by: choose_customer(handover, request.POST, by=by),
            "记下了。",
        )
        address = reverse("admin:stores_handover_customers", args=[number])
        return redirect(f"{address}?page={request.POST.get('page', '1')}")

    def settle(self, request: HttpRequest, number: int) -> HttpResponse:
        handover = self._found(request, number)
        self._must_be_allowed(request, handover)
        try:
            messages.success(
                request, settle_customers(handover, request.POST, by=actor_behind(request))
            )
        except HandOverError as error:
            messages.error(request, error.text)
        return redirect(reverse("admin:stores_handover_customers", args=[number]))

    # ------------------------------------------------------------ shared

    def _do(
        self, request: HttpRequest, number: int, act: Callable[..., object], done: str
    ) -> HttpResponse:
        handover = self._found(request, number)
        self._must_be_allowed(request, handover)
        try:
            act(handover.pk, actor_behind(request))
            messages.success(request, done)
        except HandOverError as error:
            messages.error(request, error.text)
        return self._to(handover.pk)

    def _found(self, request: HttpRequest, number: int | str) -> HandOver:
        """The hand-over in sight; missing and forbidden answer alike."""
        key = int(number) if str(number).isdecimal() else 0
        row = HandOver.objects.filter(pk=key).values_list("public_id", "store_id").first()
        if row is None or not answers_for(actor_behind(request).scope, row[1]):
            raise Http404
        if not self.has_view_permission(request):
            raise PermissionDenied
        return hand_over_for(actor_behind(request), row[0])

    def _must_be_allowed(self, request: HttpRequest, handover: HandOver) -> None:
        if not self.has_change_permission(request, handover):
            raise PermissionDenied

    def _context(self, request: HttpRequest, title: str) -> dict[str, Any]:
        return {**self.admin_site.each_context(request), "opts": self.opts, "title": title}

    def _to(self, number: int) -> HttpResponse:
        return redirect(reverse("admin:stores_handover_change", args=[number]))


@admin.register(CustomerTransfer)
class CustomerTransferAdmin(ReadOnlyAdmin):
    """Every transfer, to look one up; what is to be settled stands on its hand-over's page."""

    list_display = (
        "hand_over", "from_guide", "to_guide", "state", "because", "settled", "takes_effect_at",
        "ended_at", "error",
    )  # fmt: skip
    list_filter = ("state", "because", "settled", "store")
    list_select_related = ("hand_over__guide", "from_guide__store", "to_guide__store")
    search_fields = ("from_guide__name", "to_guide__name", "=code")
    date_hierarchy = "made_at"
    ordering = ("-pk",)
