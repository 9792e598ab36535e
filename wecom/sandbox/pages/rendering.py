"""Templates of the pages and the few words they share."""

import hashlib
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from jinja2 import ChainableUndefined, Environment, FileSystemLoader
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import HTMLResponse

from wecom.sandbox.world import World

HERE = Path(__file__).parent
STATIC = HERE / "static"
# Frames show the product's pages and pictures wherever they stand; scripts and styles are ours.
POLICY = (
    "default-src 'self'; img-src * data: blob:; media-src *; frame-src *; style-src 'self';"
    " script-src 'self'; worker-src 'self'; object-src 'none'; base-uri 'none';"
    " frame-ancestors 'self'"
)
LINK = re.compile(r"https?://[^\s<>\"'，。！？；、）】」]+")
ANCHOR = re.compile(r'<a href="(https?://[^"]+)">([^<]*)</a>')
HUES = 8


def linkify(text: object) -> Markup:
    """Text with its addresses as links that open inside the phone or client."""
    done: list[Markup] = []
    rest = str(text)
    place = 0
    for match in re.finditer(f"{ANCHOR.pattern}|{LINK.pattern}", rest):
        done.append(escape(rest[place : match.start()]))
        url, words = match[1] or match[0], match[2] or match[0]
        done.append(Markup('<a href="{0}" data-open="{0}">{1}</a>').format(url, words))
        place = match.end()
    done.append(escape(rest[place:]))
    return Markup("").join(done)


def markdown(text: object) -> Markup:
    """The little markdown that WeCom shows: bold, links, quotes, headings, its three colours."""
    lines = []
    for line in str(text).split("\n"):
        said = str(escape(line))
        said = re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", said)
        said = re.sub(
            r"&lt;font color=&#34;(info|comment|warning)&#34;&gt;(.*?)&lt;/font&gt;",
            r'<span class="md-\1">\2</span>',
            said,
        )
        said = re.sub(
            r"\[([^\]]+)\]\((https?://[^\s)]+)\)", r'<a href="\2" data-open="\2">\1</a>', said
        )
        said = re.sub(r"^#{1,6} (.*)$", r"<b>\1</b>", said)
        said = re.sub(r"^&gt; ?(.*)$", r'<span class="md-comment">\1</span>', said)
        lines.append(said)
    # Every piece was escaped before its marks became elements.
    return Markup("\n".join(lines))  # noqa: S704


def initial_of(name: str) -> str:
    """The letter on a face without a picture: Chinese given names by their last one."""
    letters = str(name).strip()
    return letters[-1:] if letters and ord(letters[-1]) > 0x2E80 else letters[:1].upper()


def hue_of(name: str) -> int:
    """One of eight colours, always the same for a name."""
    return hashlib.sha256(str(name).encode()).digest()[0] % HUES


def china(at: float) -> datetime:
    """A moment as a clock in Shanghai shows it."""
    return datetime.fromtimestamp(float(at), UTC) + timedelta(hours=8)


def short_time(at: float, now: float) -> str:
    """The time of a message in a list: the hour today, else the day."""
    if not at:
        return ""
    moment, today = china(at), china(now)
    if moment.date() == today.date():
        return moment.strftime("%H:%M")
    if moment.date() == (today - timedelta(days=1)).date():
        return "昨天"
    return f"{moment.month}月{moment.day}日"


def full_time(at: float) -> str:
    """Day and time, to the second."""
    return china(at).strftime("%m-%d %H:%M:%S") if at else ""


def span_words(seconds: float) -> str:
    """A length of time in its largest two units."""
    left, said = int(seconds), []
    for word, size in (("天", 86400), ("小时", 3600), ("分", 60), ("秒", 1)):
        many, left = divmod(left, size)
        if many:
            said.append(f"{many} {word}")
    return " ".join(said[:2]) or "不到 1 秒"


def combine(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    """Two bodies of an act as one."""
    return first | second


def pretty_xml(text: str) -> str:
    """One element a line."""
    return re.sub(r">\s*<(?=[A-Za-z/])", ">\n<", text)


def digest_static() -> str:
    """Changes with any static file, so that browsers fetch the new one."""
    files = sorted(path for path in STATIC.rglob("*") if path.is_file())
    whole = hashlib.sha256()
    for path in files:
        whole.update(path.read_bytes())
    return whole.hexdigest()[:12]


def make_environment() -> Environment:
    """The template environment; fields that a message of the outside lacks are empty."""
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=ChainableUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(
        linkify=linkify,
        markdown=markdown,
        initial=initial_of,
        hue=hue_of,
        full_time=full_time,
        short_time=short_time,
        span_words=span_words,
        combine=combine,
        pretty_xml=pretty_xml,
    )
    made.globals["version"] = digest_static()
    return made


TEMPLATES = make_environment()


def render(request: Request, template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """A page; its frame options let our own pages and the product frame it."""
    world: World = request.app.state.world
    page = TEMPLATES.get_template(template).render(
        now=world.clock.now(),
        corp_name=world.store.setting("corp_name", "") or "示例企业",
        **values,
    )
    return HTMLResponse(
        page,
        status,
        {"Content-Security-Policy": POLICY, "Cache-Control": "no-store"},
    )


def render_refusal(request: Request, message: str, status: int = 404) -> HTMLResponse:
    """A page that says in words why nothing can be shown."""
    return render(request, "refusal.html", status, message=message)
