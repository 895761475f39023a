"""The scripts of a change: what is refused when they are handed in, and changing them afterwards."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.utils import timezone

from governance import assessment, audit, groups, requests
from governance.analysis.substitution import stands_for
from governance.audit import save
from governance.case import load
from governance.errors import BadInput, DuplicateVersion, MissingRollback, NotReady
from governance.lifecycle import OCCUPYING, stage_after_edit
from governance.manifest import content_digest
from governance.models import Finding, Phase, Run, Script
from governance.orders import Script as ScriptValue
from governance.orders import ScriptKind
from governance.validation import parse_checks
from governance.versions import parse_script_name, read_script, rollback_name
from governance.workflow.acts import act, add_editor, checked, lock, move, permit, void_approvals
from governance.workflow.discussing import settle_changes
from governance.workflow.fitting import weigh_kind


@dataclass(frozen=True, slots=True)
class ScriptFile:
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Source:
    """Where the scripts were kept."""

    repository: str = ""
    commit: str = ""
    request: str = ""


NOT_SAID = Source()


def read_scripts(files: Sequence[ScriptFile], *, irreversible: bool, phase: Phase | None = None) -> tuple[ScriptValue, ...]:
    """Script files as values, in order of their versions; refuses what does not fit together. `phase`: whose scripts they become."""
    if not files:
        raise BadInput("No script was handed in. Add at least one V….sql with its R….sql.")
    values = tuple(sorted((check_script(file.name, file.text) for file in files), key=lambda value: (value.version, value.kind)))
    _refuse_duplicates(values, phase)
    groups.refuse_broken(values)
    kinds = Counter((value.kind, value.version) for value in values)
    for value in values:
        if value.kind is ScriptKind.FORWARD and not irreversible and not kinds[ScriptKind.ROLLBACK, value.version]:
            raise MissingRollback(value.name, rollback_name(parse_script_name(value.name)))
        if value.kind is not ScriptKind.FORWARD and not kinds[ScriptKind.FORWARD, value.version]:
            raise BadInput(f"{value.name} belongs to no forward script. Add the V script of version {value.version}, or leave it out.")
    return values


def check_script(name: str, text: str) -> ScriptValue:
    """One script by itself: its name, its SQL, and what its checks expect. Raises BadInput."""
    value = read_script(name, text)
    asks = parse_checks(name, text) if value.kind is ScriptKind.CHECK else ()  # a built-in check is a comment alone
    if not value.statements and not asks:
        raise BadInput(f"{name} has no statement. Write what it is to do, or leave the script out.")
    return value


def _refuse_duplicates(values: Iterable[ScriptValue], phase: Phase | None) -> None:
    seen: dict[tuple[str, str], str] = {}
    for value in values:
        taken = Script.objects.filter(kind=value.kind, version=value.version).exclude(phase=phase)
        other = seen.get((value.kind, value.version)) or taken.values_list("name", flat=True).first()
        if other:
            raise DuplicateVersion(value.name, value.version, other)
        seen[value.kind, value.version] = value.name


def keep_script(actor: User, row: Script, value: ScriptValue, source: Source) -> Script:
    """What is not said about the source of an edited script is not known: the old commit does not hold for the new text."""
    row.kind, row.name, row.version, row.text, row.checksum = value.kind, value.name, value.version, value.text, value.checksum
    row.repository, row.commit, row.request = source.repository or row.repository, source.commit, source.request
    return save(actor, checked(row))


@act
def edit_script(*, actor: User, script: Script, text: str, source: Source = NOT_SAID) -> Script:
    """New text for a script: approvals of the old one are void, and the change goes back to script development."""
    phase = lock(script.phase)
    _change(actor, phase, [ScriptFile(script.name, text)], (), source)
    return Script.objects.get(pk=script.pk)


@act
def change_scripts(
    *, actor: User, phase: Phase, files: Sequence[ScriptFile] = (), without: Collection[str] = (), source: Source = NOT_SAID
) -> Phase:
    """Add scripts, give those of the same name a new text, leave others out, all at once: what results has to be whole.

    Raises:
        BadInput: any of its kinds; MissingRole, WrongStage, NotReady
    """
    held = lock(phase)
    _change(actor, held, files, without, source)
    return held


@act
def use_safe_form(*, actor: User, finding: Finding) -> Script:
    """Puts the safe form of a finding in the place of the statement that it speaks of.

    Raises:
        NotReady: the scripts were changed since they were analysed.
    """
    phase = lock(finding.script.phase)
    script = Script.objects.get(pk=finding.script_id)
    if not finding.safe_form or finding.analysis.digest != content_digest(phase):
        raise NotReady(f"{script} was changed since this finding was made. Wait for its new analysis, and use the form that stands there.")
    _change(actor, phase, [ScriptFile(script.name, _with_safe_form(script, finding))], (), NOT_SAID)
    return Script.objects.get(pk=script.pk)


def _with_safe_form(script: Script, finding: Finding) -> str:
    here = (finding.line, finding.column)
    found = next((each for each in read_script(script.name, script.text).statements if (each.line, each.column) == here), None)
    lines = script.text.splitlines(keepends=True)
    begin = sum(map(len, lines[: finding.line - 1])) + finding.column - 1
    if found is None or not script.text.startswith(found.text, begin):
        raise NotReady(f"The statement at line {finding.line} of {script} cannot be replaced by itself. Edit the script by hand.")
    if not stands_for(finding.code, finding.safe_form, found.text):
        raise NotReady(f"What {finding.code} advises goes beside the statement, or is about a part of it. Edit {script} by hand.")
    return script.text[:begin] + finding.safe_form.strip().removesuffix(";") + script.text[begin + len(found.text) :]


def _change(actor: User, phase: Phase, files: Sequence[ScriptFile], without: Collection[str], source: Source) -> None:
    permit(actor, "edit_script", stage=phase.at)
    refuse_too_late(phase)
    rows = {row.name: row for row in Script.objects.select_for_update(no_key=True).filter(phase=phase)}
    given = {file.name: file for file in files if file.name not in rows or rows[file.name].text != file.text}
    for name in without:
        if name not in rows:
            raise BadInput(f"{phase.spec.number} has no script {name} to leave out. Name one of {', '.join(rows)}.")
    if not given and not without:
        return
    kept = [ScriptFile(row.name, row.text) for row in rows.values() if row.name not in {*given, *without}]
    values = read_scripts([*kept, *given.values()], irreversible=phase.spec.irreversible, phase=phase)
    before = {name: row.checksum for name, row in rows.items()}
    for name in without:
        _leave_out(actor, rows[name])
    for value in values:
        if value.name in given:
            keep_script(actor, rows.get(value.name) or Script(phase=phase), value, source)
    begin_again(actor, phase, _said(given, rows, without), before, {value.name: value.checksum for value in values})


def refuse_too_late(phase: Phase) -> None:
    if Run.objects.filter(deployment__phase=phase, status__in=OCCUPYING).exists():
        raise NotReady(f"{phase} has a run that has not ended. Wait for it, or stop it first.")
    applied = phase.deployments.filter(applied=True, target__environment__production=True).select_related("target").first()
    if applied:
        raise NotReady(f"{phase} is applied on {applied.target}. Roll it back there first, or submit the correction as a new change.")


def _leave_out(actor: User, row: Script) -> None:
    """What was said about it stays, as said about the change."""
    for comment in row.comments.all():
        comment.script, comment.line = None, None
        save(actor, comment)
    for finding in row.findings.all():
        audit.delete(actor, finding)
    audit.delete(actor, row)


def _said(given: Collection[str], rows: Collection[str], without: Collection[str]) -> str:
    edited, added = [name for name in given if name in rows], [name for name in given if name not in rows]
    parts = {"edited": edited, "added": added, "left out": without}
    return "; ".join(f"{verb} {', '.join(sorted(names))}" for verb, names in parts.items() if names)


def begin_again(actor: User, phase: Phase, what: str, before: dict[str, int], after: dict[str, int]) -> None:
    """What would run is another: approvals of the old one are void, and evidence has to be made anew."""
    add_editor(actor, phase.spec)
    audit.append(actor, "script.edit", phase.spec.number, f"{actor} {what}.", before=before, after=after)
    void_approvals(actor, phase, load(phase.pk).digests, f"{actor} {what}", timezone.now())
    move(actor, phase, stage_after_edit(phase.at), f"{actor} {what}")
    settle_changes(actor, phase)
    weigh_kind(actor, phase.spec)
    assessment.assess_scripts(actor, phase)
    requests.observe_targets(actor, phase)
