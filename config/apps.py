"""The wiring as a Django application: it registers the system checks."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig


class WiringConfig(AppConfig):
    name = "config"

    def ready(self) -> None:
        # The switchboard imports models, which exist only from now on.
        import_module("config.checks").register_all()
