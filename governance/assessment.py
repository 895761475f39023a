"""Turns the pure analysis into rows: of the scripts alone at submission, and on a target's facts when they are there."""

from collections import defaultdict
from dataclasses import asdict

from django.db.models import QuerySet

from governance import audit, clashes, compatibility, expectation, ordering
from governance.analysis import Analysis as AnalysisValue
from governance.analysis import Change, Surroundings, analyse
from governance.analysis.risk import CALM, RiskLevel
from governance.analysis.surroundings import Client
from governance.audit import save
from governance.digest import script_digest
from governance.facts import Facts, facts_from_json
from governance.manifest import manifest_of, unrehearsed
from governance.models import (
    Analysis,
    Booking,
    Domain,
    DomainTable,
    Finding,
    Phase,
    Release,
    ReleaseKind,
    Script,
    Target,
)
from governance.orders import Manifest, Verdict
from governance.situation import situation

RISKS = tuple(RiskLevel)


def change_of(phase: Phase, manifest: Manifest, target: Target | None = None) -> Change:
    spec = phase.spec
    return Change(
        scripts=manifest.scripts,
        category=phase.said_category,
        data_class=spec.data_class,
        irreversible=spec.irreversible,
        rehearsed=_is_rehearsed(phase, manifest),
        situation=situation(phase, target) if target else CALM,
    )


def _is_rehearsed(phase: Phase, manifest: Manifest) -> bool:
    return phase.rehearsals.filter(digest=script_digest(manifest), verdict=Verdict.PASSED).exists()


def surroundings(phase: Phase) -> Surroundings:
    """Owners of tables, live clients with what they use, and the scripts of other changes that are booked into the same windows."""
    return Surroundings(
        domains=dict(DomainTable.objects.values_list("name", "domain__slug")),
        clients=tuple(map(_client, Release.objects.filter(kind=ReleaseKind.CLIENT, live=True).prefetch_related("bindings"))),
        neighbours=manifest_of(Script.objects.filter(phase__in=_neighbours(phase))).scripts,
    )


def _client(release: Release) -> Client:
    """One that uses a table as a whole uses each of its columns."""
    uses: dict[str, set[str]] = defaultdict(set)
    whole: set[str] = set()
    for binding in release.bindings.all():
        schema, table, *column = binding.object.split(".")
        uses[f"{schema}.{table}"].update(column)
        whole |= set() if column else {f"{schema}.{table}"}
    return Client(str(release), {table: frozenset() if table in whole else frozenset(columns) for table, columns in uses.items()})


def _neighbours(phase: Phase) -> QuerySet[Phase]:
    own = Booking.objects.filter(phase=phase, cancelled_at=None)
    others = Booking.objects.filter(window__in=own.values("window"), target__in=own.values("target"), cancelled_at=None)
    return Phase.objects.open().filter(bookings__in=others).exclude(pk=phase.pk)


def assess_scripts(actor: audit.Actor, phase: Phase) -> Analysis:
    """What the scripts alone tell; the domains that own the touched tables are added to the specification."""
    analysis = _assess(actor, phase, None, None)
    phase.spec.domains.add(*domains_touched(analysis))
    _describe(actor, phase, analysis)
    ordering.derive(actor, phase)
    return analysis


def domains_touched(analysis: Analysis) -> QuerySet[Domain]:
    """A change is about them, whatever its author says."""
    return Domain.objects.filter(tables__name__in=analysis.report["tables"])


def assess_on(actor: audit.Actor, phase: Phase, target: Target, facts: Facts) -> Analysis:
    analysis = _assess(actor, phase, target, facts)
    audit.append(
        actor,
        "analysis.done",
        phase.spec.number,
        f"Analysed on {target}: {analysis.change_class}, {analysis.risk} risk, {analysis.findings.count()} findings.",
        digest=analysis.digest,
    )
    worst = max(_latest_per_target(phase), key=lambda each: RISKS.index(RiskLevel(each.risk)))
    _describe(actor, phase, worst)
    compatibility.derive_prospects(actor, phase)
    clashes.refresh(actor, phase)
    return analysis


def reassess(actor: audit.Actor, phase: Phase) -> None:
    """The same facts judged again, for example because the change has been rehearsed since."""
    rows = phase.observations.filter(facts__isnull=False).select_related("target").order_by("requested_at")
    latest = {row.target: row.facts for row in rows if row.facts}
    for target, facts in latest.items():
        assess_on(actor, phase, target, facts_from_json(facts))


def weigh_booking(actor: audit.Actor, phase: Phase) -> None:
    """Judged again where the booked time, or what happened meanwhile, makes another risk of it."""
    analyses = expectation.latest_analyses([phase.pk]).select_related("target")
    if any(asdict(situation(phase, each.target)) != each.report.get("situation", asdict(CALM)) for each in analyses if each.target):
        reassess(actor, phase)


def _latest_per_target(phase: Phase) -> list[Analysis]:
    return list({analysis.target_id: analysis for analysis in phase.analyses.filter(target__isnull=False).order_by("pk")}.values())


def _assess(actor: audit.Actor, phase: Phase, target: Target | None, facts: Facts | None) -> Analysis:
    manifest = unrehearsed(phase)
    value = analyse(change_of(phase, manifest, target), facts, surroundings(phase))
    row = Analysis(
        phase=phase,
        target=target,
        digest=script_digest(manifest),
        facts_at=facts.taken_at if facts else None,
        change_class=value.change_class,
        category=value.category,
        bump=value.bump,
        risk=value.risk.level,
        sentence=value.sentence,
        report=value.as_json(),
    )
    save(actor, row)
    _keep_findings(actor, row, value)
    return row


def _keep_findings(actor: audit.Actor, row: Analysis, value: AnalysisValue) -> None:
    scripts = {script.name: script for script in row.phase.scripts.all()}
    for finding in value.findings:
        save(
            actor,
            Finding(
                analysis=row,
                script=scripts[finding.script],
                code=finding.code,
                level=finding.level,
                line=finding.line,
                column=finding.column,
                message=finding.message,
                why=finding.why,
                safe_form=finding.safe_form,
            ),
        )


def _describe(actor: audit.Actor, phase: Phase, analysis: Analysis) -> None:
    """Lists and policy read class, risk and sentence from the phase."""
    phase.change_class, phase.category, phase.bump = analysis.change_class, analysis.category, analysis.bump
    phase.risk, phase.sentence = analysis.risk, analysis.sentence
    save(actor, phase)
