"""A visitor without a browser: keeps cookies, follows links, fills forms as they stand on the page.

The smoke test walks the product with it, so that it takes the same doors as people do.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import requests

TIMEOUT = 20


class Unexpected(Exception):
    """A page was not what the story expects; the message says which page and why."""


@dataclass
class Form:
    """One form of a page: where it goes and what it would send untouched."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    # Boxes that are not ticked, with what each would send when ticked.
    unticked: dict[str, list[str]] = field(default_factory=dict)
    ticked: dict[str, list[str]] = field(default_factory=dict)
    text: str = ""


class _Reader(HTMLParser):
    """Collects forms, links and text of one page."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.links: list[str] = []
        self.texts: list[str] = []
        self._form: Form | None = None
        self._select = ""
        self._textarea = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {key: value or "" for key, value in attrs}
        if tag == "form":
            action = given.get("hx-post") or given.get("action", "")
            self._form = Form(action, given.get("method", "get").lower())
            self.forms.append(self._form)
        elif tag == "a" and given.get("href"):
            self.links.append(given["href"])
        elif self._form is not None:
            self._read_field(tag, given)

    def _read_field(self, tag: str, given: dict[str, str]) -> None:
        form, name = self._form, given.get("name", "")
        if form is None:
            return
        if tag == "input" and given.get("type") in {"checkbox", "radio"}:
            target = form.ticked if "checked" in given else form.unticked
            target.setdefault(name, []).append(given.get("value", "on"))
        elif tag == "input" and name and given.get("type") not in {"submit", "file"}:
            form.fields[name] = given.get("value", "")
        elif tag == "textarea":
            self._textarea = name
            form.fields[name] = ""
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select and "selected" in given:
            form.fields[self._select] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._select = ""
        elif tag == "textarea":
            self._textarea = ""

    def handle_data(self, data: str) -> None:
        if self._textarea and self._form is not None:
            self._form.fields[self._textarea] += data
        if data.strip():
            self.texts.append(data.strip())
            if self._form is not None:
                self._form.text += data.strip() + " "


class Page:
    """An answer, read as HTML."""

    def __init__(self, response: requests.Response) -> None:
        self.url = response.url
        self.status = response.status_code
        self.html = response.text
        reader = _Reader()
        reader.feed(response.text)
        self.forms, self.links = reader.forms, reader.links
        self.text = " ".join(reader.texts)

    def form(self, *, having: str = "", to: str = "") -> Form:
        """The first form with this field or this piece of its action or text. Raises Unexpected."""
        for form in self.forms:
            names = {*form.fields, *form.unticked, *form.ticked}
            if (not having or having in names or having in form.text) and to in form.action:
                return form
        raise Unexpected(f"{self.url}: no form with {having or to!r}; page says {self.text[:200]}")

    def link(self, piece: str) -> str:
        """The first link whose address contains the piece. Raises Unexpected."""
        for href in self.links:
            if piece in href:
                return urljoin(self.url, href)
        raise Unexpected(f"{self.url}: no link to {piece!r}")


class Visitor:
    """One person with her own cookies. `base` is the product's address."""

    def __init__(self, base: str, *, sandbox_cookies: dict[str, str] | None = None) -> None:
        self.base = base
        self.http = requests.Session()
        # The sandbox's sign-in pages answer at once whom the cookie names and who is no browser.
        self.http.headers["Accept"] = "*/*"
        self.http.cookies.update(sandbox_cookies or {})

    def open(self, address: str, *, expect: int = 200) -> Page:
        """GET with redirects. Raises Unexpected on another status."""
        url = urljoin(self.base, address)
        for _ in range(12):
            response = self.http.get(url, timeout=TIMEOUT, allow_redirects=False)
            if not response.is_redirect:
                return self._page(response, expect)
            url = urljoin(url, response.headers["Location"])
        raise Unexpected(f"{address}: redirects in a circle")

    def submit(
        self,
        page: Page,
        form: Form,
        *,
        tick: tuple[str, ...] = (),
        untick: tuple[str, ...] = (),
        **values: str,
    ) -> Page:
        """Send a form with some values of ours.

        `tick` names boxes to tick as `name=value` or `name`, `untick` names boxes to clear.
        """
        sent: list[tuple[str, str]] = list({**form.fields, **values}.items())
        for name, given in form.ticked.items():
            sent += [(name, value) for value in given if name not in untick]
        for box in tick:
            name, _, value = box.partition("=")
            offered = form.unticked.get(name, [])
            if value not in offered and not (value == "" and offered):
                raise Unexpected(f"{page.url}: nothing to tick for {box}, offered {form.unticked}")
            sent.append((name, value or offered[0]))
        url = urljoin(page.url, form.action or page.url)
        headers = {"Referer": page.url, "Origin": _origin(page.url)}
        response = self.http.post(
            url, data=sent, headers=headers, timeout=TIMEOUT, allow_redirects=False
        )
        if response.is_redirect:
            return self.open(urljoin(url, response.headers["Location"]))
        return self._page(response, 200)

    def _page(self, response: requests.Response, expect: int) -> Page:
        if response.status_code != expect:
            page = Page(response)
            raise Unexpected(f"{response.url}: {response.status_code}, {page.text[:300]}")
        return Page(response)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
