"""What every screen of HQ's admin shares: writes as actions, sealed fields masked, rows by region.

Django runs its forms inside a transaction; our actions are durable and refuse that, so the form
runs outside and each write is an action. What a change means stands in the floors' actions.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin
from django.contrib.admin.options import csrf_protect_m
from django.db import models
from django.db.models.constants import LOOKUP_SEP
from django.forms import BaseModelFormSet, ModelForm
from django.http import HttpRequest, HttpResponse
from django.utils.functional import lazy
from unfold.admin import ModelAdmin, StackedInline, TabularInline

from kit.actions import action
from kit.actor import Actor
from kit.classified import Grade, Privacy
from kit.fields import DecryptError, SealedTextField
from kit.money import CURRENCY, shown
from stores.org.access import actor_of
from stores.org.acted import keeps_actor, named_in
from stores.org.long_lists import CountedSoFar, HouseChangeList, found_exactly, short_filter
from stores.org.models import Guide, Store

if TYPE_CHECKING:
    _DjangoAdmin = admin.ModelAdmin[Any]
else:
    _DjangoAdmin = admin.ModelAdmin

_HARMFUL = {Grade.PERSONAL_HIGH, Grade.SENSITIVE}
# Written by the product itself; a form that offers them only invites mistakes.
_NEVER_SHOWN = (models.BinaryField,)
# Of use to programs alone; the address of the page holds a row's number already.
_NOT_FOR_READERS = frozenset({"id", "public_id"})
_MINOR = "（分）"


def actor_behind(request: HttpRequest) -> Actor:
    """The HQ actor of a request, worked out once."""
    found: Actor | None = getattr(request, "_hq_actor", None)
    if found is None:
        found = actor_of(request.user)
        request._hq_actor = found  # type: ignore[attr-defined]
    return found


def masked(text: str | None) -> str:
    """`138****0001` for a number, `陈*` for a name, empty for nothing."""
    if not text:
        return ""
    if sum(char.isdigit() for char in text) >= 7:
        return f"{text[:-8]}****{text[-4:]}"
    return text[0] + "*" * (len(text) - 1)


@action
def _write(change: Callable[[], Any], *, by: Actor) -> None:
    """One durable write of Django's own form machinery, in the actor's scope."""
    change()


class OutsideAtomic(_DjangoAdmin):
    """Django's two writing views without the transaction that it puts around them."""

    @csrf_protect_m
    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        return self._changeform_view(request, object_id, form_url, extra_context)  # type: ignore[attr-defined]

    @csrf_protect_m
    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return self._delete_view(request, object_id, extra_context)  # type: ignore[attr-defined]


class HouseAdmin(ModelAdmin, OutsideAtomic):
    """The base of every admin screen.

    `store_path` is the lookup from a row to its store (`"store"`, `"pk"` for stores themselves):
    accounts with regions meet only rows of their stores. Tables with row-level security need
    none. Overrides of `save_model` call the room's action with `by=actor_behind(request)`.
    """

    store_path: ClassVar[str] = ""
    list_per_page = 25
    paginator = CountedSoFar
    list_filter_submit = False
    compressed_fields = True
    warn_unsaved_form = True
    show_full_result_count = False
    empty_value_display = "—"

    def __init__(self, model: type[models.Model], admin_site: admin.AdminSite) -> None:
        for field in _sealed(model):
            setattr(self, f"masked_{field.name}", _masked_column(field))
        for told in _spoken(model):
            setattr(self, f"spoken_{told.name}", _spoken_column(told))
        super().__init__(model, admin_site)

    # ------------------------------------------------------------ who sees what

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        found = super().get_queryset(request)
        scope = actor_behind(request).scope
        if self.store_path and not scope.everything:
            found = found.filter(**{f"{self.store_path}__in": scope.stores})
        return found

    def get_ordering(self, request: HttpRequest) -> Any:
        """Newest first where nobody said otherwise: pages of suggestions need an order too."""
        return super().get_ordering(request) or self.model._meta.ordering or ("-pk",)

    # ------------------------------------------------------------ long lists

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[HouseChangeList]:
        return HouseChangeList

    def get_list_filter(self, request: HttpRequest) -> Any:
        return [short_filter(self.model, asked) for asked in super().get_list_filter(request)]

    def get_search_results(
        self, request: HttpRequest, queryset: models.QuerySet[Any], search_term: str
    ) -> tuple[models.QuerySet[Any], bool]:
        """Fields that are all marked with `=` are found by their indexes."""
        names = [str(name) for name in self.get_search_fields(request)]
        if not search_term.strip() or not all(name.startswith("=") for name in names):
            return super().get_search_results(request, queryset, search_term)
        return found_exactly(queryset, [name[1:] for name in names], search_term), False

    # ------------------------------------------------------------ what is offered

    def formfield_for_foreignkey(
        self, db_field: models.ForeignKey[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> Any:
        _narrow(db_field, request, kwargs)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """No guessing of sealed or harmful values by filter parameters in the address."""
        return not _asks_for_secrets(self.model, lookup) and super().lookup_allowed(
            lookup, value, request
        )

    # ------------------------------------------------------------ masks

    def get_list_display(self, request: HttpRequest) -> Any:
        return self._speak(self._mask(super().get_list_display(request)))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self._speak(self._mask(super().get_readonly_fields(request, obj)))

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        fixed: set[str] | None = None
        if obj is None or self.has_change_permission(request, obj):
            # What the form asks for keeps its field.
            fixed = set(self._speak(self.get_readonly_fields(request, obj)))
        return [
            (title, {**options, "fields": self._speak(self._mask(options["fields"]), fixed)})
            for title, options in super().get_fieldsets(request, obj)
        ]

    def _mask(self, names: Iterable[Any]) -> list[Any]:
        sealed = {field.name for field in _sealed(self.model)}
        return [
            self._mask(name)
            if isinstance(name, tuple | list)
            else f"masked_{name}"
            if name in sealed
            else name
            for name in names
        ]

    def _speak(self, names: Iterable[Any], only: Container[str] | None = None) -> list[Any]:
        """Money in yuan and people by name, where the row keeps cents and keys."""
        told = {field.name for field in _spoken(self.model)}
        return [
            self._speak(name, only)
            if isinstance(name, tuple | list)
            else f"spoken_{name}"
            if name in told and (only is None or f"spoken_{name}" in only)
            else name
            for name in names
        ]

    # ------------------------------------------------------------ writes are actions

    def save_model(
        self,
        request: HttpRequest,
        obj: Any,
        form: ModelForm[Any],
        change: bool,  # noqa: FBT001
    ) -> None:
        _write(obj.save, by=actor_behind(request))

    def save_related(
        self,
        request: HttpRequest,
        form: ModelForm[Any],
        formsets: Iterable[BaseModelFormSet[Any, Any]],
        change: bool,  # noqa: FBT001
    ) -> None:
        def write() -> None:
            super(HouseAdmin, self).save_related(request, form, formsets, change)

        _write(write, by=actor_behind(request))

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        _write(obj.delete, by=actor_behind(request))

    def delete_queryset(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> None:
        _write(queryset.delete, by=actor_behind(request))


class ReadOnlyAdmin(HouseAdmin):
    """A screen to look at rows that only the product writes: facts, events, logs."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.fields or _readable(self.model)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self._speak(self._mask([*_readable(self.model), *self.readonly_fields]))


class HouseInline(TabularInline):
    """Rows of another table under a form; stores and guides offered are the account's."""

    extra = 0

    def formfield_for_foreignkey(
        self, db_field: models.ForeignKey[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> Any:
        _narrow(db_field, request, kwargs)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class ReadOnlyInline(StackedInline):
    """Rows shown under a form, written elsewhere; `when_empty` is said where there are none."""

    template = "inbox/rows_or_none.html"
    rows_template = "admin/edit_inline/stacked.html"
    when_empty = "没有记录。"
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def _sealed(model: type[models.Model]) -> list[SealedTextField]:
    return [field for field in model._meta.concrete_fields if isinstance(field, SealedTextField)]


def _readable(model: type[models.Model]) -> list[str]:
    return [
        field.name
        for field in model._meta.concrete_fields
        if field.name not in _NOT_FOR_READERS
        and (isinstance(field, SealedTextField) or not isinstance(field, _NEVER_SHOWN))
    ]


def _spoken(model: type[models.Model]) -> list[models.Field[Any, Any]]:
    return [
        field
        for field in model._meta.concrete_fields
        if (isinstance(field, models.IntegerField) and str(field.verbose_name).endswith(_MINOR))
        or keeps_actor(field)
    ]


def _label(field: models.Field[Any, Any]) -> str:
    """The column's name, asked for when a page needs it: the house gives names last of all."""
    told: str = lazy(lambda: str(field.verbose_name).removesuffix(_MINOR), str)()
    return told


def _spoken_column(field: models.Field[Any, Any]) -> Callable[[models.Model], str]:
    @admin.display(description=_label(field), ordering=field.name)
    def column(row: models.Model) -> str:
        if keeps_actor(field):
            return named_in(row, field.name)
        value = getattr(row, field.name)
        return "—" if value is None else shown(value, getattr(row, "currency", CURRENCY))

    return column


def _masked_column(field: SealedTextField) -> Callable[[models.Model], str]:
    @admin.display(description=_label(field), empty_value="—")
    def column(row: models.Model) -> str:
        try:
            return masked(getattr(row, field.name)) or "—"
        except DecryptError:
            return "无法解密"

    return column


def _narrow(
    db_field: models.ForeignKey[Any, Any], request: HttpRequest, options: dict[str, Any]
) -> None:
    """Offer only stores and guides of the account's regions."""
    scope = actor_behind(request).scope
    if scope.everything or "queryset" in options:
        return
    if db_field.related_model is Store:
        options["queryset"] = Store.objects.filter(pk__in=scope.stores)
    elif db_field.related_model is Guide:
        options["queryset"] = Guide.objects.filter(store__in=scope.stores)


def _asks_for_secrets(model: type[models.Model], lookup: str) -> bool:
    current: type[models.Model] | None = model
    for part in lookup.split(LOOKUP_SEP):
        fields = {} if current is None else {f.name: f for f in current._meta.get_fields()}
        field = fields.get(part)
        if field is None:
            return False
        privacy: Privacy | None = getattr(current, "privacy", None)
        grade = privacy.grades.get(part) if privacy else None
        if isinstance(field, SealedTextField) or grade in _HARMFUL:
            return True
        related = getattr(field, "related_model", None)
        current = related if isinstance(related, type) else None
    return False
