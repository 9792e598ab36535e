"""The product's pages as uvicorn serves them, and beside them one that answers a constant."""

from __future__ import annotations

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.core.asgi import get_asgi_application  # noqa: E402

settings.ROOT_URLCONF = "bench._addresses"

application = get_asgi_application()
