"""Figures for other programs: sums by day of a store, a region, a guide, a code or a push; and
settled commissions.
"""

from __future__ import annotations

from datetime import date
from typing import Any, cast

from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from kit.actions import scope_of
from stores.commission.models import Commission
from stores.figures.measures import EVERYTHING, WORDS
from stores.figures.models import GuideDay
from stores.figures.queries import Choice, read_days, sums_by_day, waiting_since
from stores.figures.rules import LONGEST, Period, read_day
from stores.org.access import actor_of_machine
from stores.org.keys import HasScope
from stores.org.models import Guide, MachineKey, Store


class DayOut(serializers.Serializer[Any]):
    """A day's sums; money in minor units."""

    day = serializers.DateField()

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        sums = {
            name: serializers.IntegerField(required=False, help_text=WORDS[name])
            for name in EVERYTHING
        }
        return {**super().get_fields(), **sums}


class DaysOut(serializers.Serializer[Any]):
    since = serializers.DateField()
    until = serializers.DateField()
    currency = serializers.CharField()
    waiting_since = serializers.DateTimeField(
        allow_null=True, help_text="此刻之后报来的事实还没有计入；空表示都已计入"
    )
    days = DayOut(many=True, help_text="有记录的日子，从早到晚")


class FigureDaysView(APIView):
    """Sums by day, as HQ's page shows them."""

    permission_classes = (HasScope,)
    scope = "figures:read"

    @extend_schema(
        summary="业绩合计（按天）",
        parameters=[
            OpenApiParameter("since", date, required=True, description="第一天"),
            OpenApiParameter("until", date, required=True, description="最后一天，最多 731 天"),
            OpenApiParameter("store", str, description="门店编号；不填为全部门店"),
            OpenApiParameter("region", str, description="区域名称"),
            OpenApiParameter("guide", str, description="导购工号"),
            OpenApiParameter("code", str, description="渠道码的编号"),
            OpenApiParameter("push", str, description="群发的编号"),
        ],
        responses={200: DaysOut},
        tags=["业绩"],
    )
    def get(self, request: Request) -> Response:
        key = cast(MachineKey, request.user)
        period = _period(request)
        with scope_of(actor_of_machine(key)):
            days = _days(request, key, period)
            waiting = waiting_since()
        return Response(
            {
                "since": period.first.isoformat(),
                "until": period.last.isoformat(),
                "currency": "CNY",
                "waiting_since": waiting,
                "days": [{"day": day.isoformat(), **days[day]} for day in sorted(days)],
            }
        )


class CommissionOut(serializers.Serializer[Any]):
    employee_no = serializers.CharField()
    store = serializers.CharField()
    month = serializers.CharField()
    sales = serializers.IntegerField(help_text="本月归属，分")
    adjustments = serializers.IntegerField(help_text="补差，分")
    brought = serializers.IntegerField(help_text="上月结转，分")
    base = serializers.IntegerField(help_text="计提金额，分")
    amount = serializers.IntegerField(help_text="提成，分")
    carried = serializers.IntegerField(help_text="结转下月，分")


class CommissionsView(APIView):
    """Settled commissions of a month; what is not settled yet is not told."""

    permission_classes = (HasScope,)
    scope = "commission:read"

    @extend_schema(
        summary="已结算的提成",
        parameters=[OpenApiParameter("month", str, required=True, description="2026-10")],
        responses={200: CommissionOut(many=True)},
        tags=["业绩"],
    )
    def get(self, request: Request) -> Response:
        key = cast(MachineKey, request.user)
        month = _date(f"{request.query_params.get('month', '')}-01", "month")
        with scope_of(actor_of_machine(key)):
            rows = Commission.objects.filter(settlement__month=month).order_by("guide_no")
            if key.store_id is not None:
                rows = rows.filter(store_no=key.store_id)
            paid = list(rows)
            guides = dict(
                Guide.objects.filter(pk__in=[row.guide_no for row in paid]).values_list(
                    "pk", "employee_no"
                )
            )
            stores = Store.objects.in_bulk([row.store_no for row in paid])
        return Response([_paid(row, month, guides, stores) for row in paid])


def _paid(
    row: Commission, month: date, guides: dict[int, str], stores: dict[int, Store]
) -> dict[str, Any]:
    sums = ("sales", "adjustments", "brought", "base", "amount", "carried")
    return {
        "employee_no": guides.get(row.guide_no, ""),
        "store": stores[row.store_no].code if row.store_no in stores else "",
        "month": f"{month:%Y-%m}",
        **{name: getattr(row, name) for name in sums},
    }


def _period(request: Request) -> Period:
    first, last = (_date(request.query_params.get(name, ""), name) for name in ("since", "until"))
    if not 0 <= (last - first).days < LONGEST:
        raise ValidationError({"until": [f"until 不早于 since，最多 {LONGEST} 天。"]})
    return Period(first, last)


def _date(text: str, name: str) -> date:
    try:
        return read_day(text)
    except ValueError as error:
        example = f"{timezone.localdate():%Y-%m}" if name == "month" else "2026-11-16"
        raise ValidationError({name: [f"请写成 {example} 这样。"]}) from error


def _days(request: Request, key: MachineKey, period: Period) -> dict[date, dict[str, int]]:
    """Whose sums: never those of a store that the key is not for."""
    asked = request.query_params
    stores = Store.objects.all()
    if asked.get("store"):
        stores = stores.filter(code=asked["store"])
    if asked.get("region"):
        stores = stores.filter(region__name=asked["region"])
    if key.store_id is not None:
        stores = stores.filter(pk=key.store_id)
    numbers = frozenset(stores.values_list("pk", flat=True))
    if not numbers:
        raise Http404
    if asked.get("guide"):
        guide = Guide.objects.filter(employee_no=asked["guide"]).first()
        if guide is None:
            raise Http404
        rows = GuideDay.objects.filter(guide_no=guide.pk, store_no__in=numbers)
        return sums_by_day(rows, period)
    kind = next((kind for kind in ("code", "push") if asked.get(kind)), "")
    sources = (asked[kind],) if kind else ()
    return read_days(Choice(period, numbers, kind, sources))[0]
