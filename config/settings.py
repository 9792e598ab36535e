"""The settings, all read from the environment. In order: environment, applications, database,
security, WeCom, Celery and Channels, screens, logging.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.functional import lazy

from config import environment as env
from config.logs import logging_of

BASE_DIR = Path(__file__).resolve().parent.parent
DEBUG = env.flag("DEBUG")
DEMO = env.flag("DEMO")
SECRET_KEY = env.text("SECRET_KEY", "only-for-commands-that-need-no-secret" if DEBUG else None)
PUBLIC_URL = env.text("PUBLIC_URL", "http://127.0.0.1:8000").rstrip("/")
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", "127.0.0.1,localhost" if DEMO or DEBUG else "")
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]

# What a demo's own pages tell everybody; empty elsewhere.
DEMO_LOGINS = {
    "employee_no": "G001",
    "pin": env.text("GUIDE_PIN", ""),
    "hq": env.text("HQ_USERNAME", ""),
    "hq_password": env.text("HQ_PASSWORD", ""),
    "sms": env.text("SMS_URL", ""),
}
METRICS_TOKEN = env.text("METRICS_TOKEN", "")

# ---------------------------------------------------------------- applications

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "unfold.contrib.import_export",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_linear_migrations",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_filters",
    "django_htmx",
    "import_export",
    "axes",
    "captcha",
    "csp",
    "channels",
    "config",
    "kit",
    "wecom",
    "stores",
    "members",
    "groups",
    "bot",
]
FIRST_PARTY_APPS = ["kit", "wecom", "stores", "members", "groups", "bot"]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.middleware.RequestLog",
    "csp.middleware.CSPMiddleware",
    "config.policy.HeadOfficePolicy",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "config.middleware.HeadOfficeScope",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "config" / "templates", *sorted(BASE_DIR.glob("*/*/templates"))],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
            ],
            "libraries": {"look": "stores.tablet.tags"},
        },
    }
]
SWITCHBOARD = "config.switchboard.REACTIONS"
VETOES = "config.switchboard.VETOES"
RECONCILERS = "config.switchboard.RECONCILERS"
QUEUES = "config.switchboard.QUEUES"
PASSING_KEYS = "config.switchboard.PASSING_KEYS"
TODAY_CARDS = "config.switchboard.TODAY_CARDS"
HQ_PANELS = "config.switchboard.HQ_PANELS"
FIGURE_PARTS = "config.switchboard.FIGURE_PARTS"
FIGURE_NAMES = "config.switchboard.FIGURE_NAMES"
FIGURE_ARMS = "config.switchboard.FIGURE_ARMS"
ERASERS = "config.switchboard.ERASERS"
COPIES = "config.switchboard.COPIES"
EXPORTS = "config.switchboard.EXPORTS"
# Where the erasure log is written for restored backups (docs/privacy.md); empty writes none.
ERASURE_LOG = env.text("ERASURE_LOG", "")
HANDOVER_PARTS = "config.switchboard.HANDOVER_PARTS"
MERGERS = "config.switchboard.MERGERS"
AUDIENCE_HURDLES = "config.switchboard.AUDIENCE_HURDLES"
# For floors below: to whom a till's claim (card, phone, external_userid) leads; what she is called.
MEMBER_RESOLVER = "members.registration.tills.member_no_of"
# What a notice lists of collection and recipients when it is published.
NOTICE_LISTS = "members.privacy.noticed.lists_of_notice"
MEMBER_FACES = "members.identity.faces.faces_of"
# For the room of tags: audiences stand above it and read the rules in their own language.
AUDIENCE_RULES = {
    "check": "members.audience.rules.check_rule",
    "members": "members.audience.queries.members_by_rule",
    "field": "members.audience.builder.field_of_tags",
}

# From so many members on, audiences are counted by bitmaps in memory; fewer are counted by SQL.
AUDIENCE_BITMAPS_FROM = env.number("AUDIENCE_BITMAPS_FROM", 50_000)

# ---------------------------------------------------------------- database

DATABASE_URL = env.text("DATABASE_URL", "postgresql://localhost/guide_house")
DATABASES = {
    "default": env.database(
        DATABASE_URL, role=env.text("DATABASE_ROLE", ""), pool=env.flag("DATABASE_POOL")
    )
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
REDIS_URL = env.text("REDIS_URL", "redis://127.0.0.1:6379/0")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "house",
        "OPTIONS": {"socket_timeout": 0.5, "socket_connect_timeout": 0.5},
    }
}

# ---------------------------------------------------------------- security

FIELD_KEYS = env.text("FIELD_KEYS", "")
BLIND_INDEX_KEY = env.text("BLIND_INDEX_KEY", "")
AUTH_USER_MODEL = "stores.Account"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "stores.org.backends.PinBackend",
    "stores.org.backends.WecomBackend",
    "django.contrib.auth.backends.ModelBackend",
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
_VALIDATORS = "django.contrib.auth.password_validation"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"{_VALIDATORS}.UserAttributeSimilarityValidator"},
    {"NAME": f"{_VALIDATORS}.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": f"{_VALIDATORS}.CommonPasswordValidator"},
]
LOGIN_URL = reverse_lazy("tablet-sign-in")
# Only the admin's own login asks; guides are sent back to where they wanted to go.
LOGIN_REDIRECT_URL = reverse_lazy("admin:index")
# A whole shop shares one address: lock the pair of name and address, never the address alone.
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_RESET_ON_SUCCESS = True
# axes keeps the form of a failed try: not the secrets in it.
AXES_SENSITIVE_PARAMETERS = ["username", "employee_no", "ip_address", "pin", "code"]
# Its screens of the admin are ours, with the look of the others.
AXES_ENABLE_ADMIN = False
AXES_LOCKOUT_CALLABLE = "stores.tablet.sign_in.locked_out"
AXES_VERBOSE = False

HTTPS = PUBLIC_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_HTTPONLY = True
# The side bar is a frame inside the WeCom client's own pages of our host, so Lax is enough.
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
# What asks from inside the cluster speaks plain HTTP.
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
# The proxy in front strips this header from the outside; without a proxy leave it unset.
if env.flag("BEHIND_TLS_PROXY"):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# The demo shows member pages inside the simulated phone, on the same host.
X_FRAME_OPTIONS = "SAMEORIGIN" if DEMO else "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000
CONTENT_SECURITY_POLICY: dict[str, Any] = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "worker-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [SELF if DEMO else NONE],
        "base-uri": [NONE],
    },
}

# ---------------------------------------------------------------- WeCom, WeChat, SMS

WECOM_API_BASE_URL = env.text("WECOM_API_BASE_URL", "https://qyapi.weixin.qq.com/cgi-bin/")
if "/sandbox" in WECOM_API_BASE_URL and not (DEMO or DEBUG):
    raise ImproperlyConfigured("the sandbox is for demos: unset WECOM_API_BASE_URL")
WECOM_OPEN_BASE_URL = env.text("WECOM_OPEN_BASE_URL", "https://open.weixin.qq.com").rstrip("/")
WECOM_LOGIN_BASE_URL = env.text("WECOM_LOGIN_BASE_URL", "https://login.work.weixin.qq.com").rstrip(
    "/"
)
WECOM_CORP_ID = env.text("WECOM_CORP_ID", "")
# Applications by name; the first has no name in its callback address (`/wecom/callback/`).
WECOM_APPS: dict[str, dict[str, Any]] = {
    "main": {
        "agent_id": env.number("WECOM_AGENT_ID", 0),
        "secret": env.text("WECOM_AGENT_SECRET", ""),
        "contact_secret": env.text("WECOM_CONTACT_SECRET", ""),
        "callback_token": env.text("WECOM_CALLBACK_TOKEN", ""),
        "callback_aes_key": env.text("WECOM_CALLBACK_AES_KEY", ""),
    },
    **env.document("WECOM_APPS"),
}
# How often, from where and how patiently WeCom is called; see docs/running.md.
WECOM_LIMITS: dict[str, dict[str, Any]] = env.figures("WECOM_LIMITS")
WECOM_EXIT = env.text("WECOM_EXIT", "one")
WECOM_PATIENCE_SECONDS = env.seconds("WECOM_PATIENCE_SECONDS", 2.0)
WECOM_BREAKER_AFTER = env.number("WECOM_BREAKER_AFTER", 10)
# Bridges by HTTP: to the chat archive's C library, to the corp's program inside the data zone.
WECOM_ARCHIVE_BRIDGE_URL = env.text("WECOM_ARCHIVE_BRIDGE_URL", "")
WECOM_ZONE_BRIDGE_URL = env.text("WECOM_ZONE_BRIDGE_URL", "").rstrip("/")
WECHAT_APP_ID = env.text("WECHAT_APP_ID", "")
WECHAT_APP_SECRET = env.text("WECHAT_APP_SECRET", "")
WECHAT_API_BASE_URL = env.text("WECHAT_API_BASE_URL", "https://api.weixin.qq.com").rstrip("/")
SMS_GATEWAY_URL = env.text("SMS_GATEWAY_URL", "")
SMS_GATEWAY_KEY = env.text("SMS_GATEWAY_KEY", "")
# One-time codes of all phones together in an hour: what pumping can cost at most.
SMS_HOURLY_BUDGET = env.number("SMS_HOURLY_BUDGET", 2000)
# Who asks for many one-time codes reads four digits in a picture; no script is needed for it.
CAPTCHA_CHALLENGE_FUNCT = "members.registration.pictures.digits"
CAPTCHA_FONT_SIZE = 30
CAPTCHA_LETTER_ROTATION = (-20, 20)
CAPTCHA_TIMEOUT = 10
# Marketplaces whose orders a source of that name reports: members bind their accounts there.
MARKETPLACES = env.named("MARKETPLACES")
# When nothing is sent, by the shop's clock; empty for never.
QUIET_HOURS = env.text("QUIET_HOURS", "21:00-09:00")
# Hosts beside our own to which tracked links may lead.
LINK_HOSTS = env.words("LINK_HOSTS", "")
# The JS-SDK of the side bar; the page's nonce admits it to the content policy.
WECOM_JSSDK_URL = env.text(
    "WECOM_JSSDK_URL",
    "/sandbox/static/jssdk.js"
    if DEMO
    else "https://wwcdn.weixin.qq.com/node/open/js/wecom-jssdk-2.0.2.js",
)
# Where the demo's web process finds the sandbox; empty outside demos.
SANDBOX_URL = env.text("SANDBOX_URL", "")

# ---------------------------------------------------------------- Celery and Channels

CELERY_BROKER_URL = env.text("CELERY_BROKER_URL", REDIS_URL)
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_TIME_LIMIT = 60
CELERY_TASK_SOFT_TIME_LIMIT = 45
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_WORKER_MAX_TASKS_PER_CHILD = 500
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 600,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "socket_timeout": 5,
    "socket_connect_timeout": 1,
    "socket_keepalive": True,
    "health_check_interval": 15,
    "global_keyprefix": "house:",
}
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 70
CELERY_WORKER_ENABLE_SOFT_SHUTDOWN_ON_IDLE = True
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# Publishing is a hint: a web request must not hang on the broker.
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BROKER_CONNECTION_TIMEOUT = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULE = {
    "tick": {
        "task": "config.tasks.tick",
        "schedule": 1.0,
        "options": {"expires": 2, "queue": "urgent"},
    },
}
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [REDIS_URL], "prefix": "live"},
    }
}

# ---------------------------------------------------------------- screens

LANGUAGE_CODE = "zh-hans"
FORMAT_MODULE_PATH = "config.formats"
TIME_ZONE = "Asia/Shanghai"
STATIC_URL = "/static/"
STATIC_ROOT = Path(env.text("STATIC_ROOT", str(BASE_DIR / ".data" / "static")))
STATICFILES_DIRS = [*sorted(BASE_DIR.glob("*/*/static"))]
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": env.text("MEDIA_ROOT", str(BASE_DIR / ".data" / "media"))},
    },
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
# During development and in demos a page may be asked before `collectstatic` ran.
WHITENOISE_USE_FINDERS = DEBUG
IMPORT_EXPORT_ESCAPE_FORMULAE_ON_EXPORT = True
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["stores.org.keys.KeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "config.problems.as_problem",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "导购之家 API",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
}
# A font file with Chinese characters for printed codes; empty finds the demo's or Debian's.
PRINT_FONT = env.text("PRINT_FONT", "")
# The brand's one colour as #rrggbb; empty keeps the one in look.css.
BRAND_ACCENT = env.text("BRAND_ACCENT", "")
static_address = lazy(static, str)
UNFOLD = {
    "SITE_TITLE": "总部",
    "SITE_HEADER": "总部",
    "SITE_ICON": static_address("look/mark.svg"),
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": static_address("look/mark.svg")}
    ],
    "STYLES": [static_address("look/hq.css")],
    "DASHBOARD_CALLBACK": "config.dashboard.panels",
    "COLORS": {
        "primary": {
            "50": "#fbf4f2",
            "100": "#f6ebe7",
            "200": "#ecd3cb",
            "300": "#deb0a4",
            "400": "#c97f6f",
            "500": "#b35646",
            "600": "#9a3b2e",
            "700": "#803126",
            "800": "#6a2b22",
            "900": "#592820",
            "950": "#30110d",
        },
    },
    "SIDEBAR": {
        "show_search": True,
        "show_all_applications": False,
        "navigation": "config.navigation.floors",
    },
}

# ---------------------------------------------------------------- logging

LOGGING = logging_of(env.text("LOG_LEVEL", "INFO"), as_json=not env.flag("LOG_FOR_PEOPLE"))
