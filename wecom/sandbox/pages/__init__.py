"""Browser pages: phone, WeCom client, OAuth, landing pages, control page."""

from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles

from . import board, client, landing, oauth, phone, pictures, signatures
from .rendering import STATIC

ROUTES: list[BaseRoute] = [
    *board.ROUTES,
    *signatures.ROUTES,
    *client.ROUTES,
    *landing.ROUTES,
    *oauth.ROUTES,
    *pictures.ROUTES,
    *phone.ROUTES,
    Mount("/sandbox/static", StaticFiles(directory=STATIC)),
]
