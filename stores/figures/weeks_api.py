"""Figures for other programs: a guide's or a store's week, as the iPad shows it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from kit.actions import scope_of
from stores.conversions.access import Subject
from stores.conversions.periods import Week
from stores.figures.rules import read_day
from stores.figures.weeks import WeekFigures, figures_of
from stores.org.access import actor_of_machine
from stores.org.keys import HasScope
from stores.org.models import Guide, MachineKey, Store


class WeekOut(serializers.Serializer[Any]):
    week = serializers.DateField(help_text="这一周的周一")
    scans = serializers.IntegerField()
    new_members = serializers.IntegerField()
    new_friends = serializers.IntegerField()
    group_joins = serializers.IntegerField()
    link_opens = serializers.IntegerField()
    buyers = serializers.IntegerField()
    returning_buyers = serializers.IntegerField()
    receipts = serializers.IntegerField()
    sales = serializers.IntegerField(help_text="归属销售，单位为分，已扣退货")
    closed_percent = serializers.IntegerField(allow_null=True, help_text="闭店后占比；未知为空")
    currency = serializers.CharField()


class FiguresOut(serializers.Serializer[Any]):
    subject = serializers.CharField()
    weeks = WeekOut(many=True, help_text="五周，最后一周在最后")


class FiguresView(APIView):
    """The week of a guide or a store, and the four before."""

    permission_classes = (HasScope,)
    scope = "figures:read"

    @extend_schema(
        summary="业绩（一位导购或一家门店，按周）",
        parameters=[
            OpenApiParameter("guide", str, description="导购工号；与 store 二选一"),
            OpenApiParameter("store", str, description="门店编号"),
            OpenApiParameter("week", date, description="那一周的任意一天，默认本周"),
        ],
        responses={200: FiguresOut},
        tags=["业绩"],
    )
    def get(self, request: Request) -> Response:
        key = cast(MachineKey, request.user)
        store, subject = _asked(request, key)
        zone = ZoneInfo(store.time_zone)
        week = _week(request.query_params.get("week", ""), zone)
        with scope_of(actor_of_machine(key)):
            found = figures_of(subject, week)
        return Response({"subject": subject.title, "weeks": [_shown(each) for each in found.weeks]})


def _asked(request: Request, key: MachineKey) -> tuple[Store, Subject]:
    """Whose figures: never those of a store that the key is not for."""
    employee_no = request.query_params.get("guide", "")
    code = request.query_params.get("store", "")
    if bool(employee_no) == bool(code):
        raise ValidationError({"guide": ["请给出 guide（工号）或 store（门店编号）中的一项。"]})
    store: Store | None
    if employee_no:
        guide = Guide.objects.select_related("store").filter(employee_no=employee_no).first()
        store = guide.store if guide else None
        subject = Subject(employee_no, guide_no=guide.pk if guide else None)
    else:
        store = Store.objects.filter(code=code).first()
        subject = Subject(code, store_nos=frozenset({store.pk} if store else ()))
    if store is None or (key.store_id is not None and key.store_id != store.pk):
        raise Http404
    return store, subject


def _week(text: str, zone: ZoneInfo) -> Week:
    if not text:
        return Week.of(timezone.now(), zone)
    try:
        day = read_day(text)
    except ValueError as error:
        raise ValidationError({"week": ["请写成 2026-11-16 这样的日期。"]}) from error
    return Week(day - timedelta(days=day.weekday()), zone)


def _shown(each: WeekFigures) -> dict[str, Any]:
    return {
        "week": each.week.monday.isoformat(),
        "scans": each.touched("scan"),
        "new_members": each.new_members,
        "new_friends": each.touched("friend"),
        "group_joins": each.touched("group_join"),
        "link_opens": each.touched("link_open"),
        "buyers": each.buyers,
        "returning_buyers": each.returning,
        "receipts": each.receipts,
        "sales": each.sales,
        "closed_percent": each.closed_percent,
        "currency": "CNY",
    }
