"""Browser pages: phone, WeCom client, OAuth, landing pages, control page."""

from starlette.routing import BaseRoute

ROUTES: list[BaseRoute] = []
