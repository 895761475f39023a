"""Settings of the portal. Everything that differs between machines comes from the environment; importing this file starts nothing."""

from pathlib import Path

import environ

from portal.logs import configuration

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
VAR_DIR = Path(env.str("LOCKGATE_VAR", default=str(BASE_DIR / "var"))).resolve()
for env_file in (BASE_DIR / ".env", VAR_DIR / "demo.env"):
    if env_file.exists():
        env.read_env(env_file)

DEBUG = env.bool("DEBUG", default=False)
UNSAFE_SECRET_KEY = "only-for-tests-and-checks-set-your-own"  # manage.py serve refuses it
SECRET_KEY = env.str("SECRET_KEY", default="") or UNSAFE_SECRET_KEY
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

INSTALLED_APPS = [
    "governance",
    "runner",
    "portal",
    "portal.admin_config.PortalAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django_q",
    "pgtrigger",
    "simple_history",
]

MIDDLEWARE = [
    "portal.correlation.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "portal.csp.ContentSecurityPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "governance.readership.ReadershipMiddleware",
    "portal.texts.TextMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"

DATABASES = {"default": env.db_url("DATABASE_URL", default="postgres://lockgate@127.0.0.1:5432/lockgate")}
DATABASES["default"] |= {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True, "ATOMIC_REQUESTS": False}
DATABASES["default"]["OPTIONS"] = {"connect_timeout": 10, **DATABASES["default"].get("OPTIONS", {})}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# The queue only wakes: a lost or doubled task changes nothing, the row that waits decides. Values: docs/decisions.md, "The bell".
Q_CLUSTER = {
    "name": "lockgate",
    "orm": "default",
    "workers": 2,
    "queue_limit": 2,
    "bulk": 1,
    "poll": 0.2,
    "timeout": 300,
    "retry": 360,
    "max_attempts": 1,
    "ack_failures": True,
    "catch_up": False,
    "save_limit": 1000,
    "label": "Queue",
}

# Seconds without a sign of life after which somebody else takes over what a worker had begun.
CLAIM_SILENCE = env.float("CLAIM_SILENCE", default=20.0)
# Seconds until a target is asked again what an indeterminate run has left in it.
PROBE_AGAIN = env.float("PROBE_AGAIN", default=60.0)
# Seconds until a target is read again, to find what was changed past the portal; 0 for never.
OBSERVE_EVERY = env.float("OBSERVE_EVERY", default=900.0)
# Seconds for which a target is measured before a run, so that there is something to compare with; and between two measurements during it.
BASELINE_SECONDS = env.float("BASELINE_SECONDS", default=5.0)
SAMPLE_EVERY = env.float("SAMPLE_EVERY", default=5.0)
# Seconds between two measurements in the monitoring period behind it; 0 for none.
MONITOR_EVERY = env.float("MONITOR_EVERY", default=60.0)
# Seconds until the checks that hold for as long as a change is watched are asked again; 0 for never.
CHECK_EVERY = env.float("CHECK_EVERY", default=600.0)

# Where people reach the portal: what is sent to them leads there.
PORTAL_URL = env.str("PORTAL_URL", default="http://127.0.0.1:8000").rstrip("/")
# Without a host nothing is sent by mail.
EMAIL_HOST = env.str("EMAIL_HOST", default="")
EMAIL_PORT = env.int("EMAIL_PORT", default=25)
EMAIL_HOST_USER = env.str("EMAIL_USER", default="")
EMAIL_HOST_PASSWORD = env.str("EMAIL_PASSWORD", default="")
EMAIL_USE_TLS = env.bool("EMAIL_STARTTLS", default=False)
EMAIL_USE_SSL = env.bool("EMAIL_TLS", default=False)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.str("EMAIL_FROM", default="Lockgate <lockgate@localhost>")

# Days after which notices that were read and deliveries that are settled are cleared away; 0 for never.
KEEP_NOTICES = env.float("KEEP_NOTICES", default=90.0)

# Hosts that webhooks may call although they are in a network of our own, or without TLS.
WEBHOOK_HOSTS = env.list("WEBHOOK_HOSTS", default=[])

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "admin:login"
SESSION_COOKIE_HTTPONLY = True

# A proxy in front ends TLS, and sets X-Forwarded-Proto itself, whatever its clients send.
BEHIND_TLS = env.bool("BEHIND_TLS", default=False)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = BEHIND_TLS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_TLS else None
SECURE_REDIRECT_EXEMPT = [r"^(healthz|readyz)$"]  # asked from inside, past the proxy
SECURE_HSTS_SECONDS = env.int("HSTS_SECONDS", default=3600) if BEHIND_TLS else 0
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"

LANGUAGE_CODE = "en-gb"
FORMAT_MODULE_PATH = ["portal.formats"]
TIME_ZONE = env.str("TIME_ZONE", default="UTC")
USE_TZ = True

STATIC_URL = "static/"
# With a directory, its files carry the hash of their content in their names and are kept for ever; without, each is found where it lies.
STATIC_ROOT = env.str("STATIC_ROOT", default="") or None
WHITENOISE_USE_FINDERS = STATIC_ROOT is None
if STATIC_ROOT and not DEBUG:
    STORAGES = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
    }

LOGGING = configuration(env.str("LOG_FORMAT", default="line"), env.str("LOG_LEVEL", default="INFO"))

# W005, W021: whether other hosts of the domain speak TLS is not ours to promise. The others: what only a proxy with TLS can offer.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
if not BEHIND_TLS:
    SILENCED_SYSTEM_CHECKS += ["security.W004", "security.W008", "security.W012", "security.W016"]
