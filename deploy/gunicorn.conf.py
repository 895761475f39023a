"""How gunicorn serves the portal, under `manage.py serve` and under systemd."""

from portal.settings import LOGGING

wsgi_app = "portal.wsgi"
worker_class = "gthread"  # pages are polled, short, and wait for PostgreSQL
workers = 2
threads = 4
preload_app = True  # workers share what is loaded, and a new one is there at once
max_requests = 2000  # what leaks in a worker ends with it
max_requests_jitter = 200  # not all at once
graceful_timeout = 30
control_socket_disable = True  # nobody uses it, and a service without a home has no place for it
logconfig_dict = LOGGING
