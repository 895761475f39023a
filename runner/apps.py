"""The runner: how. It owns no tables and registers itself at governance's bell."""

from django.apps import AppConfig
from django.core.checks import register
from django.utils.module_loading import import_string

from governance import bell
from runner.checks import rehearsals_have_a_server


class RunnerConfig(AppConfig):
    name = "runner"

    def ready(self) -> None:
        register(rehearsals_have_a_server, deploy=True)
        bell.on_due(import_string("runner.wake.wake"))  # by name: the queue's own tables are known only now
