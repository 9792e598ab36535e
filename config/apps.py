"""The wiring as a Django application: it registers the system checks, gives names."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig, apps

# How Django itself names the floors: in lists of permissions, on its pages of applications.
_FLOORS = {
    "kit": "底层",
    "wecom": "企业微信",
    "stores": "门店与人",
    "members": "会员",
    "groups": "客户群与内容",
    "bot": "小助手",
}


class WiringConfig(AppConfig):
    name = "config"

    def ready(self) -> None:
        # The switchboard imports models, which exist only from now on.
        import_module("config.checks").register_all()
        import_module("config.schema")
        for label, name in _FLOORS.items():
            apps.get_app_config(label).verbose_name = name
        import_module("members.privacy.inventory").give_names()
