"""What HQ's desks of privacy share: a page for each row, changed by acts and never by a form."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST

from members.privacy.errors import PrivacyError
from stores.org.hq import HouseAdmin


class ActsAdmin(HouseAdmin):
    """Rows that people ask for and decide on; each of `acts` is a method behind a button."""

    acts: ClassVar[Sequence[str]] = ()
    # Foreign keys that the page and the acts read, the actor's scope allowing.
    found_with: ClassVar[Sequence[str]] = ()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        model = self.opts.model_name
        return [
            *(
                path(
                    f"<int:number>/{name}/",
                    self.admin_site.admin_view(require_POST(getattr(self, name))),
                    name=f"members_{model}_{name}",
                )
                for name in self.acts
            ),
            *super().get_urls(),
        ]

    def found(self, request: HttpRequest, number: int | str) -> Any:
        """The row in sight; missing and forbidden answer alike."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        key = int(number) if str(number).isdecimal() else 0
        row = self.model._default_manager.select_related(*self.found_with).filter(pk=key).first()
        if row is None:
            raise Http404
        return row

    def must_be_allowed(self, request: HttpRequest, row: Any) -> None:
        if not self.has_change_permission(request, row):
            raise PermissionDenied

    def do(
        self, request: HttpRequest, row: Any, act: Callable[[], object], done: str
    ) -> HttpResponse:
        """Do it, say so or say why not, and show the row again."""
        self.must_be_allowed(request, row)
        try:
            act()
            messages.success(request, done)
        except PrivacyError as fault:
            messages.error(request, str(fault))
        return self.back_to(row.pk)

    def hand_over(
        self,
        request: HttpRequest,
        row: Any,
        make: Callable[[], tuple[str, bytes]],
        kind: str,
    ) -> HttpResponse:
        """A file with its name, which no cache keeps; or why there is none."""
        self.must_be_allowed(request, row)
        try:
            name, content = make()
        except PrivacyError as fault:
            messages.error(request, str(fault))
            return self.back_to(row.pk)
        headers = {
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "private, no-store",
        }
        return HttpResponse(content, content_type=kind, headers=headers)

    def around(self, request: HttpRequest, title: str) -> dict[str, Any]:
        return {**self.admin_site.each_context(request), "opts": self.opts, "title": title}

    def back_to(self, number: int) -> HttpResponse:
        return redirect(reverse(f"admin:members_{self.opts.model_name}_change", args=[number]))
