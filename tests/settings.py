"""Test overlay: keys of no value, fast hashing, the sandbox's corp, no manifest of static files."""

from __future__ import annotations

import base64
import os

os.environ.setdefault("SECRET_KEY", "tests-only-" + "x" * 50)
os.environ.setdefault("FIELD_KEYS", "t1:" + base64.b64encode(b"1" * 32).decode())
os.environ.setdefault("BLIND_INDEX_KEY", base64.b64encode(b"2" * 32).decode())
os.environ.setdefault("ALLOWED_HOSTS", "testserver,127.0.0.1,localhost")
os.environ.setdefault("WECOM_CORP_ID", "ww5a7d0e1c2b3f4a68")
os.environ.setdefault("WECOM_AGENT_ID", "1000002")
os.environ.setdefault("WECOM_AGENT_SECRET", "main-secret-of-the-tests-000000000000000000")
os.environ.setdefault("WECOM_CALLBACK_TOKEN", "QDG6eKtests")
os.environ.setdefault("WECOM_CALLBACK_AES_KEY", "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C")
os.environ.setdefault("WECHAT_APP_ID", "wx1f2e3d4c5b6a7980")
os.environ.setdefault("WECHAT_APP_SECRET", "service-account-secret-of-the-tests")

from config.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}  # noqa: F405
CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
MIDDLEWARE = ["tests.middleware.NothingInScope", *MIDDLEWARE]  # noqa: F405
