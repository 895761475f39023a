"""The runner: how. It owns no tables and registers itself at governance's bell."""

from django.apps import AppConfig
from django.utils.module_loading import import_string

from governance import bell


class RunnerConfig(AppConfig):
    name = "runner"

    def ready(self) -> None:
        bell.on_due(import_string("runner.wake.wake"))  # by name: the queue's own tables are known only now
