"""Wiring only: settings, URLs, ASGI, Celery, the switchboard, the supervisor of the embedded servers."""

from config.celery import app as celery_app

__all__ = ["celery_app"]
