"""Wiring only: settings, URLs, ASGI, Celery, the switchboard, supervisor and demo."""

from config.celery import app as celery_app

__all__ = ["celery_app"]
