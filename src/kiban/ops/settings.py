"""Django's settings, all from the environment and KIBAN_HOME (docs/operations.md lists the variables)."""

from __future__ import annotations

import os
from pathlib import Path

from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from kiban.ops import config, proxies
from kiban.ops.home import REPO, folder, home, secret
from kiban.ops.mail import mail

PACKAGE = Path(__file__).resolve().parents[1]
MODE = config.mode()
DB_ROLE = config.role()
DEMO = MODE == "demo"
PRODUCTION = MODE == "production"
DEBUG = False

SECRET_KEY = secret("django_secret_key")
BASE_URL = os.environ.get("KIBAN_BASE_URL", "").rstrip("/") or "http://localhost:8000"
ALLOWED_HOSTS = config.allowed_hosts(BASE_URL) + (["testserver"] if MODE == "test" else [])
CSRF_TRUSTED_ORIGINS = [o for o in os.environ.get("KIBAN_TRUSTED_ORIGINS", "").split(",") if o]

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "csp",
    "django_htmx",
    "kiban.ops",
    "kiban.access",
    "kiban.definitions",
    "kiban.registries",
    "kiban.cases",
    "kiban.documents",
    "kiban.delivery",
    "kiban.imports",
    "kiban.bulk",
    "kiban.money",
    "kiban.api",
    "kiban.web",
]

MIDDLEWARE = [
    "kiban.ops.proxies.Proxies",
    "kiban.ops.middleware.Health",
    "kiban.ops.middleware.RequestLog",
    "kiban.ops.limits.Addresses",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "kiban.ops.maintenance.Maintenance",
    "kiban.ops.middleware.RequestLimits",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "kiban.ops.limits.Accounts",
    "django.contrib.messages.middleware.MessageMiddleware",
    "kiban.access.sessions.SessionEnd",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "kiban.ops.urls"
WSGI_APPLICATION = "kiban.ops.wsgi.application"
AUTH_USER_MODEL = "access.User"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
_VALIDATORS = "django.contrib.auth.password_validation."
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": _VALIDATORS + "MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {
        "NAME": _VALIDATORS + "UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("username", "display_name")},
    },
    {"NAME": _VALIDATORS + "CommonPasswordValidator"},
    {"NAME": _VALIDATORS + "NumericPasswordValidator"},
]
PASSWORD_RESET_TIMEOUT = 60 * 60 * 24  # seconds for which a sign-in link holds
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
APPEND_SLASH = True

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "kiban.web.context.page",
            ],
        },
    }
]

_database = config.database(DB_ROLE)
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": _database.name,
        "USER": _database.user,
        "PASSWORD": _database.password,
        "HOST": _database.host,
        "PORT": str(_database.port),
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "ATOMIC_REQUESTS": False,
        "DISABLE_SERVER_SIDE_CURSORS": False,
        "OPTIONS": {"application_name": f"kiban-{DB_ROLE}", "connect_timeout": 5, **dict(_database.options)},
        "TEST": {"MIRROR": None},
    }
}

# Time, language
TIME_ZONE = "Asia/Tokyo"
USE_TZ = True
USE_I18N = True
LANGUAGE_CODE = "ja"
LANGUAGES = [("ja", _("Japanese")), ("en", _("English"))]
LOCALE_PATHS = [PACKAGE / "locale"]
LANGUAGE_COOKIE_NAME = "kiban_language"
LANGUAGE_COOKIE_SAMESITE = "Lax"

# Sessions: rows in the database, their content signed with SECRET_KEY
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_NAME = "kiban_session"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 60 * 60 * 8
KIBAN_SESSION_IDLE = 60 * int(os.environ.get("KIBAN_SESSION_IDLE_MINUTES", "60"))
KIBAN_PROOF_LASTS = 60 * int(os.environ.get("KIBAN_PROOF_MINUTES", "10"))
SESSION_COOKIE_SECURE = PRODUCTION
CSRF_COOKIE_NAME = "kiban_csrf"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SECURE = PRODUCTION
CSRF_FAILURE_VIEW = "kiban.web.errors.csrf_failure"
LANGUAGE_COOKIE_SECURE = PRODUCTION

# Transport and headers
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_SSL_REDIRECT = PRODUCTION
SECURE_HSTS_SECONDS = 60 * 60 * 24 * 365 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = PRODUCTION
KIBAN_TRUSTED_PROXIES = proxies.trusted()
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")  # removed from all but trusted proxies
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

# Mail
_mail = mail()
EMAIL_BACKEND = (
    "django.core.mail.backends.smtp.EmailBackend"
    if _mail.host
    else "django.core.mail.backends.dummy.EmailBackend"
)
EMAIL_HOST, EMAIL_PORT = _mail.host, _mail.port
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _mail.user, _mail.password
EMAIL_USE_TLS, EMAIL_USE_SSL = _mail.starttls, _mail.tls
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = SERVER_EMAIL = _mail.sender or "kiban@localhost"

# Webhooks call public addresses only; trials on one machine may call 127.0.0.1, never in production
KIBAN_WEBHOOK_LOOPBACK = not PRODUCTION and os.environ.get("KIBAN_WEBHOOK_LOOPBACK") == "1"

# Who takes payments online: the dotted path of an adapter (kiban.money.port); outside production a sample one
KIBAN_PAYMENT_ADAPTER = os.environ.get(
    "KIBAN_PAYMENT_ADAPTER", "" if PRODUCTION else "kiban.money.sandbox.Sandbox"
).strip()

# Whether documents may leave without a signature where no key is set (kiban.documents.signers)
KIBAN_SIGNATURES = config.one_of("KIBAN_SIGNATURES", "optional", "required")

# Size limits (bytes, counts); larger uploads have their own doors
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5_000
DATA_UPLOAD_MAX_NUMBER_FILES = 20
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
KIBAN_MAX_REQUEST_BYTES = 25 * 1024 * 1024

# How often somebody may ask, a second and in each server process, with four seconds of it at once; 0 is no limit
KIBAN_ADDRESS_RATE = config.rate("KIBAN_ADDRESS_RATE", 100)  # an address of which nobody knows who it is
KIBAN_PAGE_RATE = config.rate("KIBAN_PAGE_RATE", 50)  # somebody who is signed in, pages
KIBAN_API_RATE = config.rate("KIBAN_API_RATE", 50)  # a caller of the API; machines ten times that

# Static files: our own and those of the npm packages, with the content's hash in the name
NODE_MODULES = REPO / "node_modules"
NPM_STATIC = (
    ("vendor/htmx", NODE_MODULES / "htmx.org" / "dist"),
    ("vendor/design-tokens", NODE_MODULES / "@digital-go-jp" / "design-tokens" / "dist"),
    ("vendor/noto-sans-jp", NODE_MODULES / "@fontsource-variable" / "noto-sans-jp"),
)
STATIC_URL = "/static/"
STATIC_ROOT = home() / "static"
STATICFILES_DIRS = [
    *([PACKAGE / "web" / "static"] if (PACKAGE / "web" / "static").is_dir() else []),
    *((prefix, path) for prefix, path in NPM_STATIC if path.is_dir()),
]
STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": str(home() / "files")},
    },
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if MODE == "test"
        else "kiban.ops.static.HashedStorage"
    },
}
WHITENOISE_USE_FINDERS = MODE == "test"
WHITENOISE_AUTOREFRESH = MODE == "test"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "kiban.ops.logs.JsonFormatter"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        # Django's own request lines carry the query string: ours (kiban.request) does not.
        "django.request": {"level": "CRITICAL"},
        "django.security.csrf": {"level": "ERROR"},
        "django.security.DisallowedHost": {"level": "CRITICAL"},
    },
}
KIBAN_FILES = folder("files")
SILENCED_SYSTEM_CHECKS: list[str] = []
