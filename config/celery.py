"""The Celery application. Tasks live in the floors' `tasks.py`; a message only says "look"."""

from __future__ import annotations

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("house")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["kit", "wecom", "stores", "members", "groups", "bot", "config"])
