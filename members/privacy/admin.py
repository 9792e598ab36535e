"""HQ's desk of requests: each on one page with its clock, its steps and its answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from members.identity.models import Member
from members.identity.rules import masked_phone
from members.privacy import answering, desk
from members.privacy.actions import open_request
from members.privacy.admin_of_acts import ActsAdmin
from members.privacy.models import RequestKind, RequestState, SubjectRequest
from members.privacy.rules import Portability, clock_of
from stores.org.hq import actor_behind
from stores.org.models import LegalEntity

_OPEN = {RequestState.OPEN, RequestState.CHECKED}
_FILE_NAME = "member-data.json"


@admin.register(SubjectRequest)
class SubjectRequestAdmin(ActsAdmin):
    """A list by deadline that leads to one page per request; its state changes by actions alone."""

    list_display = ("kind", "clock", "state", "member", "entity", "opened_at", "closed_at")
    list_filter = ("state", "kind", "entity")
    list_select_related = ("member", "entity")
    search_fields = ("=member__card_no",)
    search_help_text = "会员卡号"
    date_hierarchy = "opened_at"
    ordering = ("closed_at", "due_at", "pk")
    acts = ("check_identity", "carry_out", "answer", "refuse", "take_back", "copy", "transfer")
    found_with = ("member__entity", "entity")

    @admin.display(description="最迟办结", ordering="due_at")
    def clock(self, row: SubjectRequest) -> str:
        due = f"{timezone.localtime(row.due_at):%-m 月 %-d 日 %H:%M}"
        if row.closed_at is not None:
            return due if row.closed_at <= row.due_at else f"{due} · 超期办结"
        words = {"overdue": "已超期", "pressing": "快到期", "calm": ""}
        return f"{due} {words[clock_of(row.due_at, timezone.now())]}".strip()

    # ------------------------------------------------------------ pages

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """A letter or a call comes in: who, what, and how she is reached."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        if request.method == "POST":
            return self.back_to(self._received(request).pk)
        context = self.around(request, "登记一件请求") | {
            "kinds": RequestKind.choices,
            "entities": LegalEntity.objects.order_by("pk"),
        }
        return TemplateResponse(request, "admin/privacy/receive.html", context)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        row = self.found(request, object_id)
        context = self.around(request, str(row)) | {
            "row": row,
            "is_open": row.state in _OPEN,
            "is_checked": row.state == RequestState.CHECKED,
            "tone": clock_of(row.due_at, timezone.now()),
            "phone": masked_phone(row.member.phone) if row.member else "",
            "by_program": desk.can_carry_out(row.kind),
            "hands_over": row.kind in {RequestKind.ACCESS, RequestKind.COPY},
            "travels": row.kind == RequestKind.PORT,
            "may_change": self.has_change_permission(request, row),
        }
        return TemplateResponse(request, "admin/privacy/request.html", context)

    # ------------------------------------------------------------ acts

    def check_identity(self, request: HttpRequest, number: int) -> HttpResponse:
        card = request.POST.get("card_no", "").strip()
        row = self.found(request, number)
        member = Member.objects.filter(card_no=card, entity=row.entity_id).first()
        if card and member is None:
            messages.error(request, "没有找到这个卡号的会员。")
            return self.back_to(number)
        return self.do(
            request,
            row,
            lambda: answering.check_identity(
                row.pk,
                how=request.POST.get("how", ""),
                member_id=None if member is None else member.pk,
                by=actor_behind(request),
            ),
            "身份核实记下了。",
        )

    def carry_out(self, request: HttpRequest, number: int) -> HttpResponse:
        row = self.found(request, number)
        return self.do(
            request, row, lambda: desk.carry_out(row, by=actor_behind(request)), "办好了，已答复。"
        )

    def answer(self, request: HttpRequest, number: int) -> HttpResponse:
        row, result = self.found(request, number), request.POST.get("result", "")
        return self.do(
            request,
            row,
            lambda: answering.answer_request(row.pk, result=result, by=actor_behind(request)),
            "已办结。",
        )

    def refuse(self, request: HttpRequest, number: int) -> HttpResponse:
        row, because = self.found(request, number), request.POST.get("because", "")
        return self.do(
            request,
            row,
            lambda: answering.refuse_request(row.pk, because=because, by=actor_behind(request)),
            "已答复不办理，理由会一字不差地给她看。",
        )

    def take_back(self, request: HttpRequest, number: int) -> HttpResponse:
        row = self.found(request, number)
        return self.do(
            request,
            row,
            lambda: answering.take_back_request(row.pk, by=actor_behind(request)),
            "按本人的意思撤回了。",
        )

    def copy(self, request: HttpRequest, number: int) -> HttpResponse:
        row = self.found(request, number)
        return self._hand_over(
            request, row, lambda: desk.download_copy(row, by=actor_behind(request))
        )

    def transfer(self, request: HttpRequest, number: int) -> HttpResponse:
        row, said = self.found(request, number), request.POST
        fee = said.get("fee", "")
        terms = Portability(
            is_consented_or_contractual="is_consented" in said,
            is_feasible="is_feasible" in said,
            harms_nobody="harms_nobody" in said,
            fee_minor=int(fee) * 100 if fee.isdecimal() else 0,
        )
        to = said.get("to", "")
        return self._hand_over(
            request,
            row,
            lambda: desk.transfer(row, to=to, terms=terms, by=actor_behind(request)),
        )

    # ------------------------------------------------------------ shared

    def _received(self, request: HttpRequest) -> SubjectRequest:
        said, by = request.POST, actor_behind(request)
        kind, card = said.get("kind", ""), said.get("card_no", "").strip()
        if kind not in RequestKind.values:
            raise Http404
        member = Member.objects.filter(card_no=card).first() if card else None
        words, reply_to = said.get("words", ""), said.get("reply_to", "")
        if member is not None:
            return open_request(member.pk, kind, words, reply_to=reply_to, by=by)
        entity = said.get("entity", "")
        if not LegalEntity.objects.filter(pk=entity if entity.isdecimal() else 0).exists():
            raise Http404
        return answering.receive_request(int(entity), kind, words=words, reply_to=reply_to, by=by)

    def _hand_over(
        self, request: HttpRequest, row: SubjectRequest, make: Callable[[], bytes]
    ) -> HttpResponse:
        return self.hand_over(request, row, lambda: (_FILE_NAME, make()), "application/json")
