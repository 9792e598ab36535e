"""HQ's screens of compliance: looks, disclosures, assessments, incidents, retention, the lists."""

from __future__ import annotations

from datetime import datetime, timedelta
from json import dumps
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Model, OuterRef, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.dateparse import parse_date

from kit.actor import ActorKind
from kit.fields import shown_id
from members.consent.models import Decision, Purpose
from members.identity.models import Member
from members.identity.rules import masked_phone
from members.privacy import duties
from members.privacy.actions import reveal_phone
from members.privacy.auditing import Period, pack_of
from members.privacy.emitters import EMITTERS
from members.privacy.errors import PrivacyError
from members.privacy.incident_fields import WhoseAccount, Yuan
from members.privacy.inventory import by_table, said_of
from members.privacy.models import (
    AccessLog,
    RequestKind,
    RequestState,
)
from members.privacy.models_of_duty import (
    Activity,
    Headcount,
    ImpactAssessment,
    Incident,
    Recipient,
)
from members.privacy.rules import REASONS, place_of
from stores.org.hq import HouseAdmin, ReadOnlyAdmin, actor_behind
from stores.org.models import Account, LegalEntity


@admin.register(AccessLog)
class AccessLogAdmin(ReadOnlyAdmin):
    """Who looked at whose number, and the page on which HQ looks itself."""

    list_display = fields = ("at", "who", "card_no", "fields_seen", "reason_words")
    readonly_fields = ("who", "card_no", "fields_seen", "reason_words")
    list_filter = ("reason",)
    search_fields = ("=member_no",)
    search_help_text = "会员序号，或操作者姓名"
    date_hierarchy = "at"
    ordering = ("-pk",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[AccessLog]:
        cards = Member.objects.filter(pk=OuterRef("member_no")).values("card_no")
        return super().get_queryset(request).annotate(card=Subquery(cards))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """A name is looked up among the accounts: the log has an index of their keys."""
        who = Account.objects.filter(name=search_term.strip().replace("\0", ""))
        keys = [
            f"{ActorKind.ACCOUNT}:{shown_id(key)}"
            for key in who.values_list("public_id", flat=True)
        ]
        if keys:
            return queryset.filter(actor__in=keys), False
        return super().get_search_results(request, queryset, search_term)

    @admin.display(description="操作者", ordering="actor_name")
    def who(self, row: AccessLog) -> str:
        return row.actor_name or "系统"

    @admin.display(description="会员卡号")
    def card_no(self, row: AccessLog) -> str:
        return getattr(row, "card", None) or f"已删除的会员（{row.member_no}）"

    @admin.display(description="看了什么")
    def fields_seen(self, row: AccessLog) -> str:
        return "、".join({"phone": "手机号"}.get(name, name) for name in row.fields)

    @admin.display(description="理由")
    def reason_words(self, row: AccessLog) -> str:
        return REASONS.get(row.reason, row.reason)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.reveal)
        return [path("reveal/", view, name="members_accesslog_reveal"), *super().get_urls()]

    def reveal(self, request: HttpRequest) -> HttpResponse:
        """A member's whole number, for a reason, written down."""
        if not request.user.has_perm("members.view_member"):
            raise PermissionDenied
        key = request.GET.get("member", "")
        member = get_object_or_404(Member, pk=int(key) if key.isdecimal() else 0)
        context = {
            **self.admin_site.each_context(request),
            "title": "查看完整手机号",
            "opts": self.opts,
            "member": member,
            "phone": masked_phone(member.phone),
            "reasons": REASONS,
        }
        if request.method == "POST":
            try:
                reason = request.POST.get("reason", "")
                context["whole"] = reveal_phone(member.pk, reason=reason, by=actor_behind(request))
            except PrivacyError as fault:
                messages.error(request, str(fault))
        return TemplateResponse(request, "admin/privacy/reveal.html", context)


@admin.register(Recipient)
class RecipientAdmin(HouseAdmin):
    """The register behind the published list, and the lists as HQ reads them."""

    list_display = ("name", "role", "place", "purpose", "contract_until", "is_active")
    list_filter = ("is_active", "role", "country")
    search_fields = ("name", "purpose", "kinds")
    list_before_template = "admin/privacy/ways.html"

    @admin.display(description="国家或地区", ordering="country")
    def place(self, row: Recipient) -> str:
        return place_of(row.country)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("inventory/", view(self.inventory), name="members_recipient_inventory"),
            path("audit/", view(self.audit), name="members_recipient_audit"),
            *super().get_urls(),
        ]

    def inventory(self, request: HttpRequest) -> HttpResponse:
        """Every field of every table with its grade and its end; tables about people first."""
        self._must_see(request)
        context = self._around(request, "个人信息清单") | {"tables": by_table()}
        return TemplateResponse(request, "admin/privacy/inventory.html", context)

    def audit(self, request: HttpRequest) -> HttpResponse:
        """The self-audit of a period; `as=file` hands it over as JSON."""
        self._must_see(request)
        if not actor_behind(request).scope.everything:
            raise PermissionDenied
        until = _day(request.GET.get("until"), timezone.localdate() + timedelta(days=1))
        since = _day(request.GET.get("since"), until - timedelta(days=365))
        pack = pack_of(Period(_midnight(since), _midnight(until)))
        written = dumps(pack, cls=DjangoJSONEncoder, ensure_ascii=False, indent=2)
        if request.GET.get("as") == "file":
            name = f"privacy-audit-{since}-{until}.json"
            headers = {"Content-Disposition": f'attachment; filename="{name}"'}
            return HttpResponse(written, content_type="application/json", headers=headers)
        context = self._around(request, "合规自审") | {
            "named": _in_words(pack),
            "ended": [{**line, "table": said_of(line["table"])} for line in pack["retention"]],
            "pack": pack, "since": since, "until": until,
        }  # fmt: skip
        return TemplateResponse(request, "admin/privacy/audit.html", context)

    def _must_see(self, request: HttpRequest) -> None:
        if not self.has_view_permission(request):
            raise PermissionDenied

    def _around(self, request: HttpRequest, title: str) -> dict[str, Any]:
        return {**self.admin_site.each_context(request), "opts": self.opts, "title": title}


@admin.register(ImpactAssessment)
class ImpactAssessmentAdmin(HouseAdmin):
    list_display = ("activity", "version", "entity", "signed_by", "signed_at", "valid_until")
    list_filter = ("activity", "entity")
    list_select_related = ("entity", "signed_by")
    readonly_fields = ("written_by", "written_at", "signed_by", "signed_at", "valid_until",
                       "retain_until")  # fmt: skip
    actions = ("sign",)
    fieldsets = (
        ("评估哪项活动", {"fields": (("entity", "activity", "version"),)}),
        ("三个问题（个保法第五十六条）", {"fields": ("legality", "risk", "measures")}),
        ("签字", {"fields": ("written_by", "written_at", "signed_by", "signed_at", "valid_until",
                            "retain_until")}),
    )  # fmt: skip

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return super().has_change_permission(request, obj) and not _is_signed(obj)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return super().has_delete_permission(request, obj) and not _is_signed(obj)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        # What is signed cannot be deleted, so the button over all of them only fails.
        found: dict[str, Any] = super().get_actions(request)
        found.pop("delete_selected", None)
        return found

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: FBT001
        obj.written_by = obj.written_by or str(actor_behind(request))
        super().save_model(request, obj, form, change)

    @admin.action(description="签字（签字后不能再改，至少保存 3 年）", permissions=["change"])
    def sign(self, request: HttpRequest, chosen: QuerySet[ImpactAssessment]) -> None:
        for row in chosen.order_by("pk"):
            signer = request.user
            if not isinstance(signer, Account):
                raise PermissionDenied
            try:
                duties.sign_assessment(row.pk, signer=signer, by=actor_behind(request))
            except PrivacyError as fault:
                self.message_user(request, f"{row}：{fault}", messages.ERROR)
            else:
                self.message_user(request, f"{row}：已签字。")


@admin.register(Incident)
class IncidentAdmin(HouseAdmin):
    """The form with its clocks; report, notice and the people concerned on a page of their own."""

    change_form_outer_before_template = "admin/privacy/incident_ways.html"

    list_display = ("title", "kind", "grade", "people", "known_at", "report_due_at", "reported_at",
                    "notified_at", "closed_at")  # fmt: skip
    list_filter = ("grade", "kind")
    search_fields = ("title",)
    readonly_fields = ("grade", "report_due_at", "closed_at", "written_by")
    actions = ("close",)
    fieldsets = (
        ("发生了什么", {"fields": ("title", "kind", "known_at", "began_at", "ended_at",
                                 "actor", "kinds")}),
        ("影响", {"fields": (("people", "sensitive_people", "loss"), "cause", "harm")}),
        ("处置", {"fields": ("measures", "advice")}),
        ("时钟", {"fields": (("grade", "report_due_at"), "reported_at", "notified_at",
                            "not_notified_because", "closed_at", "written_by")}),
    )  # fmt: skip

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.papers)
        own = path("<int:number>/papers/", view, name="members_incident_papers")
        return [own, *super().get_urls()]

    def get_form(  # type: ignore[override]
        self, request: HttpRequest, obj: Any = None, **kwargs: Any
    ) -> Any:
        # The clock runs before the cause is known: the form is saved again and again.
        form: Any = super().get_form(request, obj, **kwargs)
        for name in ("kinds", "cause", "harm", "measures", "advice"):
            if name in form.base_fields:
                form.base_fields[name].required = False
        if "loss" in form.base_fields:
            form.base_fields["loss"] = Yuan(label="直接经济损失（元）", min_value=0, initial=0)
        if "actor" in form.base_fields:
            form.base_fields["actor"] = WhoseAccount(label="涉及账号", required=False)
        return form

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: FBT001
        duties.save_incident(obj, by=actor_behind(request))

    def papers(self, request: HttpRequest, number: int) -> HttpResponse:
        """The report to the authority, the notice to people, and who they are."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        row = Incident.objects.filter(pk=number).first()
        if row is None:
            raise Http404
        concerned: list[Member] = []
        if request.method == "POST":
            concerned = duties.affected_list(row, by=actor_behind(request))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": row.title,
            "row": row,
            "report": duties.report_of(row),
            "notices": [duties.notice_of(row, one) for one in LegalEntity.objects.order_by("pk")],
            "open_words": duties.OPEN,
            "concerned": concerned,
            "is_asked": request.method == "POST",
        }
        return TemplateResponse(request, "admin/privacy/papers.html", context)

    @admin.action(description="结束选中的事件", permissions=["change"])
    def close(self, request: HttpRequest, chosen: QuerySet[Incident]) -> None:
        for row in chosen:
            try:
                duties.close_incident(row.pk, by=actor_behind(request))
            except PrivacyError as fault:
                self.message_user(request, f"{row}：{fault}", messages.ERROR)
            else:
                self.message_user(request, f"{row}：已结束。")


@admin.register(Headcount)
class HeadcountAdmin(ReadOnlyAdmin):
    list_display = ("on", "entity", "people", "abroad")
    list_filter = ("entity",)
    date_hierarchy = "on"
    ordering = ("-on", "entity")


def _in_words(pack: dict[str, Any]) -> dict[str, list[str]]:
    """The pack's small lists as lines that people read."""
    purposes, decisions = dict(Purpose.choices), dict(Decision.choices)
    kinds, states = dict(RequestKind.choices), dict(RequestState.choices)
    activities = dict(Activity.choices)
    return {
        "consents": [
            f"{purposes.get(one['purpose'])} · {decisions.get(one['decision'])}：{one['count']}"
            for one in pack["consents"]
        ],
        "closed": [
            f"{kinds.get(one['kind'])} · {states.get(one['state'])}：{one['count']}"
            for one in pack["requests"]["closed"]
        ],
        "paths": [
            f"{EMITTERS[one['what']].words if one['what'] in EMITTERS else one['what']}"
            f" → {one['recipient']}（{place_of(one['country'])}）：{one['count']}"
            for one in pack["disclosures"]["by_path"]
        ],
        "assessments": [
            f"{activities.get(one['activity'])} v{one['version']} · {one['entity__name']} · "
            f"{one['signed_by__name']} · {timezone.localtime(one['signed_at']):%Y-%m-%d}"
            for one in pack["assessments"]
        ],
    }


def _is_signed(row: Model | None) -> bool:
    return isinstance(row, ImpactAssessment) and row.signed_at is not None


def _day(text: str | None, otherwise: Any) -> Any:
    try:
        return parse_date(text or "") or otherwise
    except ValueError:
        return otherwise


def _midnight(day: Any) -> datetime:
    return timezone.make_aware(datetime(day.year, day.month, day.day))  # noqa: DTZ001 - made aware
