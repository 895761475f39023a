"""Orders from rows: frozen, complete, and made at the moment of the claim."""

from governance.manifest import manifest_of, release_of, unrehearsed
from governance.models import Finding, Observation, Phase, Rehearsal, Run
from governance.analysis.rule import Level
from governance.orders import Check, ObservationOrder, RehearsalOrder, RunKind, ScriptKind
from governance.orders import Order as RunOrder
from governance.orders import Manifest
from governance.validation import builtin_checks, parse_checks

Order = RunOrder | RehearsalOrder | ObservationOrder


def run_order(run: Run) -> RunOrder:
    deployment = run.deployment
    phase, target = deployment.phase, run.target
    manifest = manifest_of(phase)
    tables = touched_tables(phase)
    production_deploy = target.environment.production and run.kind == RunKind.DEPLOY
    return RunOrder(
        run=str(run.pk),
        kind=RunKind(run.kind),
        target=target.name,
        connection=target.connection,
        role=target.owner_role,
        environment=target.environment.name,
        actor=run.requested_by.get_username() if run.requested_by else "system:clock",
        manifest=manifest,
        script_digest=run.script_digest,
        release=release_of(phase, run.script_digest) if production_deploy else None,
        release_digest=run.release_digest if production_deploy else "",
        checks=checks_of(manifest, tables),
        counted=tables,
        known_blockers=frozenset(Finding.objects.filter(analysis__phase=phase, level=Level.BLOCKING).values_list("code", flat=True)),
    )


def touched_tables(phase: Phase) -> tuple[str, ...]:
    latest = phase.analyses.order_by("-pk").first()
    return tuple(latest.report["tables"]) if latest else ()


def checks_of(manifest: Manifest, tables: tuple[str, ...]) -> tuple[Check, ...]:
    written = (check for script in manifest.scripts if script.kind is ScriptKind.CHECK for check in parse_checks(script.name, script.text))
    return (*written, *builtin_checks(tables))


def rehearsal_order(rehearsal: Rehearsal) -> RehearsalOrder:
    target = rehearsal.target
    return RehearsalOrder(str(rehearsal.pk), target.name, target.connection, unrehearsed(rehearsal.phase))


def observation_order(observation: Observation) -> ObservationOrder:
    return ObservationOrder(str(observation.pk), observation.target.name, observation.target.connection)


