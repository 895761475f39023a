"""The page of one change."""

from typing import Any

from django.contrib.auth.models import User
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.db.models.functions import JSONObject
from django.urls import reverse
from django.utils import timezone
from django.utils.text import Truncator

from governance import case, lifecycle
from governance.acts import ACTS
from governance.case import Case
from governance.dossier import dossier_of
from governance.emergency import Skip
from governance.lifecycle import Dossier, PhaseStatus, Role, Stage, State
from governance.models import Analysis, AuditEvent, Criterion, Dependency, DependencyKind, FollowUp, Phase, Spec
from governance.orders import RunStatus
from governance.pages.acts import buttons
from governance.pages.discussion import Discussion, discussion
from governance.pages.lessons import lessons_for
from governance.pages.review import review_page
from governance.pages.stages import emergency_notes, evidence_by_stage, shown_evidence
from governance.pages.tabs import tab_of
from governance.pages.values import lock_name, person_name, reasons_in_words
from governance.pages.verdicts import current as riskiest
from governance.specification import SECTIONS, ChangeKind

TABS = (
    "specification", "stages", "scripts", "impact", "rehearsal", "approvals", "schedule", "runs", "checks", "compatibility", "discussion",
    "review", "history",
)  # fmt: skip
CRITERION = ("name", "expected", "measure", "result", "met")
SHORT = {Stage.STAGING_DEPLOYMENT: "Staging deploy", Stage.PRODUCTION_DRY_RUN: "Dry run", Stage.PRODUCTION_DEPLOYMENT: "Production deploy",
         Stage.POST_MIGRATION_VERIFICATION: "Verification", Stage.MONITORING_PERIOD: "Monitoring"}  # fmt: skip
BLOCKS = ("nothing", "writes", "reads and writes")


def phases_of(change: int) -> QuerySet[Phase]:
    """With what the page says about the change. `change`: its id."""
    spec = OuterRef("spec")
    criteria = Criterion.objects.filter(spec=spec).order_by("pk")
    unfinished = Phase.objects.filter(spec=OuterRef("other")).exclude(status=PhaseStatus.CLOSED)
    needs = Dependency.objects.filter(spec=spec).order_by("pk")
    rows = case.phases().filter(spec=change)
    owed = FollowUp.objects.filter(review__phase=OuterRef("pk")).order_by("due", "pk")
    owner = JSONObject(**{name: f"owner__{name}" for name in ("username", "first_name", "last_name")})
    debt = JSONObject(**{name: name for name in ("title", "due", "done_at", "waived_because")}, owner=owner)
    return rows.annotate(
        debts=ArraySubquery(owed.values(row=debt)),
        criteria=ArraySubquery(criteria.values(row=JSONObject(**{name: name for name in CRITERION}))),
        needs=ArraySubquery(
            needs.values(row=JSONObject(id="other", title="other__title", waiting=Exists(unfinished), kind="kind", why="found"))
        ),
    )


def change_page(person: User, roles: frozenset[Role], phases: list[Any], phase_id: int | None, tab: str, on: str = "") -> dict[str, Any]:
    """`phases`: all that `phases_of` found."""
    current = next((phase for phase in phases if phase.pk == phase_id), phases[0])
    spec, known = current.spec, case.case_of(current)
    analysis = max(known.analyses.values(), key=lambda each: each.pk, default=None)
    talk = discussion(person, roles, current, on)
    rule = ACTS["edit_script"]
    editable = current.status == PhaseStatus.OPEN and rule.first <= current.at <= rule.last and bool(rule.roles & roles)
    counts = {"scripts": len(known.scripts), "discussion": talk.open}
    return {
        "pk": spec.pk,
        "number": spec.number,
        "title": spec.title,
        "sentence": current.sentence,
        "author": person_name(spec.author),
        "considered": current.considered,
        "emergencies": emergency_notes(known),
        "status": {"state": current.status, "word": current.get_status_display()},
        "open": current.status == PhaseStatus.OPEN,
        "risk": _risk(known, analysis),
        "change_class": current.get_change_class_display(),
        "kind": "" if spec.kind == ChangeKind.NORMAL else spec.get_kind_display(),
        "phases": [
            {
                "title": phase.name.capitalize(),
                "url": f"?phase={phase.pk}",
                "current": phase == current,
                **(_phase(person, roles, known, analysis, tab, talk) if phase == current else {}),
            }
            for phase in phases
        ],
        "specification": [{"title": title, "text": getattr(spec, name)} for name, title in SECTIONS.items() if getattr(spec, name)],
        "facts": _facts(spec, current),
        "requires": [_requirement(need) for need in current.needs if need["kind"] == DependencyKind.REQUIRES],
        "links": [_requirement(need) for need in current.needs],
        "history": _history(spec) if tab == "history" else [],
        "tabs": [
            {"name": name.capitalize(), "url": f"?phase={current.pk}&tab={name}", "current": name == tab, "count": counts.get(name)}
            for name in TABS
        ],
        "discussion": talk,
        "editable": editable,
        "tab": tab,
        "review": review_page(known, current.criteria, current.debts) if tab == "review" else None,
        "learned": lessons_for(current, analysis) if tab == "specification" else [],
    }


def _history(spec: Spec) -> list[dict[str, Any]]:
    """Newest first; a text that begins with its actor is not said twice."""
    people = User.objects.filter(username=OuterRef("actor"))
    named = people.values(row=JSONObject(username="username", first_name="first_name", last_name="last_name"))
    events = AuditEvent.objects.filter(subject=spec.number).annotate(person=Subquery(named))
    return [
        {
            "at": event.at,
            "actor": person_name(User(**event.person)) if event.person else event.actor.removeprefix("system:").capitalize(),
            "text": event.text.removeprefix(event.actor).strip(),
            "refused": event.refused,
        }
        for event in events
    ]


def _risk(known: Case, analysis: Analysis | None) -> dict[str, Any]:
    """Of the target where it is riskiest; before there is one, of the scripts alone."""
    phase, weighed = known.phase, next(iter(riskiest(known)), analysis)
    points = weighed.report["risk"]["points"] if weighed else []
    reasons = [f"{point['reason']} ({point['points']} points)" for point in points]
    word = f"{phase.get_risk_display()} risk" if phase.risk else ""
    return {"level": phase.risk, "word": word, "reasons": reasons, "why": reasons_in_words(points)}


def _facts(spec: Spec, phase: Phase) -> list[dict[str, str]]:
    rows = {
        "Domains": ", ".join(domain["name"] for domain in phase.domains),  # type: ignore[attr-defined]
        "Class": phase.get_change_class_display(),
        "Category": phase.get_category_display(),
        "Data class": spec.get_data_class_display(),
        "Privacy impact": spec.privacy_impact,
        "Pattern": spec.get_pattern_display(),
        "Reversible": f"No. {spec.restore_plan}" if spec.irreversible else "Yes, by its rollback scripts",
    }
    return [{"name": name, "value": value} for name, value in rows.items() if value]


def _requirement(need: dict[str, Any]) -> dict[str, str]:
    other = Spec(pk=need["id"], title=need["title"])
    url = reverse("admin:governance_spec_change", args=[other.pk])
    state = "waiting" if need["waiting"] else "done"
    return {"title": f"{other.number} {other.title}", "url": url, "state": state, "kind": need["kind"], "why": need["why"]}


def _phase(person: User, roles: frozenset[Role], known: Case, analysis: Analysis | None, tab: str, talk: Discussion) -> dict[str, Any]:
    phase, dossier = known.phase, dossier_of(known, timezone.now())
    everything = evidence_by_stage(phase, dossier) if tab == "stages" else []
    evidence = lifecycle.evidence(phase.at, dossier)
    return {
        "pk": phase.pk,
        "stage_number": phase.stage,
        "stages": _stages(phase, dossier),
        "note": _note(known, dossier),
        "missing": [shown_evidence(piece) for piece in evidence],
        "everything": everything,
        "acts": buttons(person, roles, known),
        "versions": _versions(known),
        "tables": _tables(analysis),
        **tab_of(known, tab, analysis, talk, roles),
    }


def _stages(phase: Phase, dossier: Dossier) -> list[dict[str, Any]]:
    return [{"number": stage.value, "name": SHORT.get(stage, stage.title), **_stage_state(phase, stage, dossier)} for stage in Stage]


def _stage_state(phase: Phase, stage: Stage, dossier: Dossier) -> dict[str, str]:
    lacking = lifecycle.missing(stage, dossier)
    if phase.status == PhaseStatus.CLOSED or (stage < phase.at and not lacking):
        return {"state": "done", "title": "done"}
    if stage > phase.at:
        return {"state": "todo", "title": "not begun"}
    title = "; ".join(piece.text for piece in lacking) or "complete"
    if stage == phase.at:
        return {"state": "now", "title": f"missing: {title}" if lacking else title}
    stale = all(piece.state is State.STALE for piece in lacking)
    return {"state": "stale" if stale else "missing", "title": f"since then {'stale' if stale else 'missing'}: {title}"}


def _note(known: Case, dossier: Dossier) -> dict[str, str] | None:
    """One sentence where something went wrong; what is merely missing stands in the rail."""
    if known.phase.status != PhaseStatus.OPEN:
        return None
    last = next((run for run in known.runs if run.status != RunStatus.QUEUED), None)
    if last and last.status in (RunStatus.FAILED_CLEAN, RunStatus.FAILED_DIRTY, RunStatus.INDETERMINATE):
        return {"level": "bad", "text": f"{last.get_kind_display()} on {last.target}: {last.message}"}
    if failed := _failed_since(known, dossier):
        return failed
    if known.asked and known.phase.at <= Stage.PRODUCTION_DEPLOYMENT:
        wish = known.asked[0]
        said = Truncator(wish["text"]).chars(80).rstrip(". ")
        text = f"{wish['person']} asks for changes: “{said}”. Nobody approves until they are made, or taken back."
        return {"level": "warn", "text": text}
    for name, approval in (("technical", dossier.technical), ("business", dossier.business)):
        if approval.rejected_by:
            return {"level": "bad", "text": f"{approval.rejected_by} rejected the {name} approval. Edit the change, or cancel it."}
        if approval.stale and approval.unmet:
            return {"level": "warn", "text": f"The {name} approval is void: what was approved has changed since. It has to be given again."}
    return _waiting(known)


def _failed_since(known: Case, dossier: Dossier) -> dict[str, str] | None:
    """A rehearsal that failed after an earlier one had led the change on: it does not lead back, and lets nothing into production."""
    late, latest = Stage.LOCAL_TESTING < known.phase.at <= Stage.PRODUCTION_DEPLOYMENT, known.latest_rehearsal
    if not late or dossier.rehearsal is not State.MISSING or latest is None or not latest.verdict or known.skips(Skip.REHEARSAL):
        return None
    said = "It does not run in production before one does: correct the scripts, or rehearse again."
    return {"level": "bad", "text": f"The last rehearsal did not pass: {latest.message.rstrip('.')}. {said}"}


def _waiting(known: Case) -> dict[str, str] | None:
    """For a decision longer than the policy allows."""
    overdue = [each for each in known.requests if each["due_at"] <= timezone.now()]
    if not overdue or known.phase.status != PhaseStatus.OPEN:
        return None
    names = ", ".join(f"{each['kind'].noun} approval{' of ' + each['domain'] if each['domain'] else ''}" for each in overdue)
    return {"level": "warn", "text": f"Nobody has decided the {names} since {overdue[0]['opened_at']:%d %b %H:%M} UTC. It was escalated."}


def _versions(known: Case) -> str:
    done = next((each for each in known.on(production=True) if each.applied), None)
    return f"{done.target} {done.version_before} → {done.version_after}" if done else ""


def _tables(analysis: Analysis | None) -> list[dict[str, str]]:
    """The strongest lock per table, from the report's statements."""
    locks = [lock for statement in (analysis.report["statements"] if analysis else []) for lock in statement["locks"]]
    weakest_first = sorted(locks, key=lambda lock: BLOCKS.index(lock["blocks"]))
    strongest = {lock["relation"]: lock for lock in weakest_first}
    return [
        {
            "name": relation.removeprefix("public."),
            "lock": lock_name(lock["mode"]),
            "detail": f"blocks {lock['blocks']}",
            "state": "ok" if lock["blocks"] == "nothing" else "warn",
        }
        for relation, lock in strongest.items()
    ]
