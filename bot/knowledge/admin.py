"""HQ's screens of articles: written by one, approved by another, with what guides made of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest

from bot.knowledge import actions
from bot.knowledge.errors import SamePerson
from bot.knowledge.models import Article
from bot.knowledge.rules import FACTS, unknown_placeholders
from stores.org.hq import HouseAdmin, actor_behind
from stores.org.models import Account

if TYPE_CHECKING:
    _ArticleForm = forms.ModelForm[Article]
else:
    # Django's forms are generic to the checker alone.
    _ArticleForm = forms.ModelForm


class ArticleForm(_ArticleForm):
    """One phrasing a line."""

    phrasings = forms.CharField(
        label="其他问法",
        required=False,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text="一行一个",
    )

    class Meta:
        model = Article
        fields: ClassVar = ["question", "phrasings", "answer", "topic", "is_private", "expires_on"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["phrasings"] = "\n".join(self.instance.phrasings or [])

    def clean_phrasings(self) -> list[str]:
        return [
            line.strip() for line in self.cleaned_data["phrasings"].splitlines() if line.strip()
        ]

    def clean_answer(self) -> str:
        answer: str = self.cleaned_data["answer"]
        unknown = unknown_placeholders(answer)
        if unknown:
            known = "、".join(f"{{{name}}}" for name in FACTS)
            raise forms.ValidationError(f"不认识 {'、'.join(unknown)}，可用的是：{known}")
        return answer


@admin.register(Article)
class ArticleAdmin(HouseAdmin):
    form = ArticleForm
    list_display = (
        "question",
        "topic",
        "state",
        "is_private",
        "written_by",
        "approved_by",
        "updated_at",
    )
    list_filter = ("state", "topic", "is_private")
    search_fields = ("question", "answer")
    list_select_related = ("written_by", "approved_by")
    readonly_fields = (
        "state",
        "written_by",
        "approved_by",
        "approved_at",
        "muted_because",
        "updated_at",
    )
    actions = ("approve", "mute")
    fieldsets = (
        ("顾客怎么问", {"fields": ("question", "phrasings", "topic")}),
        ("怎么答", {"fields": ("answer", "is_private", "expires_on")}),
        (
            "状态",
            {
                "fields": (
                    "state",
                    "written_by",
                    "approved_by",
                    "approved_at",
                    "muted_because",
                    "updated_at",
                )
            },
        ),
    )

    def save_model(
        self,
        request: HttpRequest,
        obj: Any,
        form: ModelForm[Any],
        change: bool,  # noqa: FBT001
    ) -> None:
        said = form.cleaned_data
        obj.pk = actions.write_article(
            question=Article.objects.get(pk=obj.pk).question if change else said["question"],
            answer=said["answer"],
            phrasings=said["phrasings"],
            topic=said["topic"],
            is_private=said["is_private"],
            expires_on=said["expires_on"],
            author=_person(request),
            by=actor_behind(request),
        ).pk

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        # The question names the article; another question is another article.
        return [*super().get_readonly_fields(request, obj), *(["question"] if obj else [])]

    @admin.action(description="批准所选条目，小助手马上可以使用")
    def approve(self, request: HttpRequest, queryset: QuerySet[Article]) -> None:
        done = 0
        for key in queryset.values_list("pk", flat=True):
            try:
                done += actions.approve_article(
                    key, approver=_person(request), by=actor_behind(request)
                )
            except SamePerson as refusal:
                messages.error(request, refusal.__doc__ or "")
        messages.success(request, f"批准了 {done} 条。")

    @admin.action(description="停用所选条目，小助手不再使用")
    def mute(self, request: HttpRequest, queryset: QuerySet[Article]) -> None:
        done = sum(
            actions.mute_article(key, because="总部停用", by=actor_behind(request))
            for key in queryset.values_list("pk", flat=True)
        )
        messages.success(request, f"停用了 {done} 条。")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Drafts and messages refer to it: it is muted instead."""
        return False


def _person(request: HttpRequest) -> Account:
    """The account behind the request: nobody else comes through the admin's door."""
    if not isinstance(request.user, Account):
        raise PermissionDenied
    return request.user
