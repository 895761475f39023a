"""Turns the pure analysis into rows: of the scripts alone at submission, and on a target's facts when they are there."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from governance import audit
from governance.analysis import Analysis as AnalysisValue
from governance.analysis import Change, Surroundings, analyse
from governance.analysis.risk import RiskLevel
from governance.audit import save
from governance.digest import script_digest
from governance.facts import ColumnFacts, ConstraintFacts, Facts, IndexFacts, TableFacts
from governance.manifest import unrehearsed
from governance.models import Analysis, Domain, DomainTable, Finding, Phase, Target
from governance.orders import Manifest, Verdict

RISKS = tuple(RiskLevel)


def change_of(phase: Phase, manifest: Manifest) -> Change:
    spec = phase.spec
    return Change(
        scripts=manifest.scripts,
        category=phase.said_category,
        data_class=spec.data_class,
        irreversible=spec.irreversible,
        rehearsed=_is_rehearsed(phase, manifest),
    )


def _is_rehearsed(phase: Phase, manifest: Manifest) -> bool:
    return phase.rehearsals.filter(digest=script_digest(manifest), verdict=Verdict.PASSED).exists()


def surroundings() -> Surroundings:
    return Surroundings(domains=dict(DomainTable.objects.values_list("name", "domain__slug")))


def assess_scripts(actor: audit.Actor, phase: Phase) -> Analysis:
    """What the scripts alone tell; the domains that own the touched tables are added to the specification."""
    analysis = _assess(actor, phase, None, None)
    touched = Domain.objects.filter(tables__name__in=analysis.report["tables"])
    phase.spec.domains.add(*touched)
    _describe(actor, phase, analysis)
    return analysis


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
    return analysis


def reassess(actor: audit.Actor, phase: Phase) -> None:
    """The same facts judged again, for example because the change has been rehearsed since."""
    rows = phase.observations.filter(facts__isnull=False).select_related("target").order_by("requested_at")
    latest = {row.target: row.facts for row in rows if row.facts}
    for target, facts in latest.items():
        assess_on(actor, phase, target, facts_from_json(facts))


def _latest_per_target(phase: Phase) -> list[Analysis]:
    return list({analysis.target_id: analysis for analysis in phase.analyses.filter(target__isnull=False).order_by("pk")}.values())


def _assess(actor: audit.Actor, phase: Phase, target: Target | None, facts: Facts | None) -> Analysis:
    manifest = unrehearsed(phase)
    value = analyse(change_of(phase, manifest), facts, surroundings())
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


def facts_as_json(facts: Facts) -> dict[str, Any]:
    return {**asdict(facts), "taken_at": facts.taken_at.isoformat()}


def facts_from_json(data: dict[str, Any]) -> Facts:
    tables = tuple(
        TableFacts(
            **{
                **table,
                "columns": tuple(ColumnFacts(**column) for column in table["columns"]),
                "constraints": tuple(ConstraintFacts(**constraint) for constraint in table["constraints"]),
                "indexes": tuple(IndexFacts(**index) for index in table["indexes"]),
                "referenced_by": tuple(table["referenced_by"]),
            }
        )
        for table in data["tables"]
    )
    taken_at = datetime.fromisoformat(data["taken_at"])
    return Facts(**{**data, "taken_at": taken_at, "tables": tables, "search_path": tuple(data["search_path"])})
