"""What is out of the ordinary, told after the way of one change: an emergency, a standard change, and a change of the policy."""

from governance import workflow
from governance.emergency import Skip
from governance.errors import Refusal
from governance.lifecycle import Role, Stage
from governance.models import ChangeTemplate, Consideration, Phase, PolicyVersion, Spec, StartMode
from governance.orders import RunKind, RunStatus
from governance.policy import ApprovalKind
from governance.specification import Specification
from portal.demo.setup import person
from portal.demo.story import ACTS, Story, StoryFailed, ended
from portal.demo.written import FIX, FIX_FILES, RULE, TEMPLATE

INCIDENT = "INC-4711"
SKIPPED = (Skip.CONSIDERATIONS, Skip.REHEARSAL, Skip.INTEGRATION_TESTS, Skip.STAGING, Skip.DRY_RUN, Skip.WINDOW, Skip.BUSINESS)
SKILL, USE = "Heat pumps", "Contractors can name heat pumps"


def tell(story: Story) -> None:
    for title, one in (("when something burns", emergency), ("what needs no approval", standard), ("who says what needs one", policy)):
        one(story, f"\nAnd {title}")


def _begin(story: Story, heading: str, text: str) -> None:
    story.teller.say(heading)
    story.teller.told.clear()
    story.teller.at(Stage.REQUIREMENT)
    story.teller.tell(text)


def _lead(story: Story, spec: Spec, before: Stage) -> Phase:
    """Through the stages before, each by its act."""
    while (phase := story.phase(spec)).at < before:
        story.teller.at(phase.at)
        ACTS[phase.at](story, phase)
        story.check_progress(phase.at, story.phase(spec))
    return phase


def emergency(story: Story, heading: str) -> None:
    """The glass is broken, the change runs, and somebody who took no part looks back."""
    if Spec.objects.filter(title=FIX.title).exists():
        return
    spec = workflow.submit(actor=person(Role.ENGINEER), specification=FIX, scripts=FIX_FILES)
    phase = story.phase(spec)
    _begin(story, heading, f"Tomasz submits {spec.number} “{spec}”.")
    broken = workflow.break_glass(
        actor=person(Role.OPERATOR), phase=phase, incident=INCIDENT, reason="Nobody can bid since 02:10.", skips=SKIPPED
    )
    story.teller.tell(f"Ingrid breaks the glass for {INCIDENT}: for an hour it needs no {_named(SKIPPED)}. Everybody is told.")
    phase = _lead(story, spec, Stage.STAGING_DEPLOYMENT)
    story.teller.at(Stage.STAGING_DEPLOYMENT)
    story.approve(phase, ApprovalKind.TECHNICAL, Role.REVIEWER)
    story.teller.at(Stage.PRODUCTION_DEPLOYMENT)
    run = story.run(story.deployment(phase, production=True), RunKind.DEPLOY)
    story.teller.tell(f"Ingrid runs it on {run.target}: {ended(run)}")
    if run.status != RunStatus.SUCCEEDED:
        raise StoryFailed(f"The emergency's run on {run.target} did not succeed: {run.message}")
    workflow.end_emergency(actor=person(Role.OPERATOR), emergency=broken)
    workflow.review_emergency(
        actor=person(Role.AUDITOR), emergency=broken, findings="Needed: bids stood still. An alert on slow jobs is missing.", justified=True
    )
    story.teller.tell(f"Carla, who took no part, looks back within the 48 hours: {INCIDENT} was justified.")


def _named(skips: tuple[Skip, ...]) -> str:
    return ", ".join(skip.replace("_", " ") for skip in skips)


def standard(story: Story, heading: str) -> None:
    """A template is approved once by two people; what is made from it, within its bounds, by nobody again."""
    if ChangeTemplate.objects.filter(name=TEMPLATE["name"]).exists():
        return
    version = workflow.write_template(actor=person(Role.ENGINEER), **TEMPLATE)
    for role in (Role.REVIEWER, Role.OPERATOR):
        workflow.approve_template(actor=person(role), version=version)
    asked = Consideration.objects.filter(domain__slug="labor-marketplace").values_list("question", flat=True)
    answers = dict.fromkeys(asked, "It is not touched: a skill is added, and nothing that is there changes.")
    given = Specification(title=USE, domains=("labor-marketplace",), answers=answers)
    spec = workflow.use_template(actor=person(Role.ENGINEER), version=version, values={"name": SKILL}, specification=given)
    _begin(story, heading, f"Rahul and Ingrid approve the template “{version.template}”; Tomasz makes {spec.number} from it: “{SKILL}”.")
    phase = _lead(story, spec, Stage.STAGING_DEPLOYMENT)
    story.teller.at(Stage.STAGING_DEPLOYMENT)
    run = story.run(story.deployment(phase, production=False), RunKind.DEPLOY)
    story.teller.tell(f"Ingrid runs it on {run.target}, and nobody had to approve it: {ended(run)}")
    phase = _lead(story, spec, Stage.SCHEDULED_WINDOW)
    story.teller.at(Stage.SCHEDULED_WINDOW)
    booking = story.book(phase, after=1, start=StartMode.AUTOMATIC)
    story.teller.tell(f"Ingrid books {booking.starts:%H:%M} to {booking.ends:%H:%M} UTC. Nothing is missing: it starts by itself then.")


def policy(story: Story, heading: str) -> None:
    """Two people change which approvals are needed."""
    if PolicyVersion.objects.count() > 1:
        return
    rules = [*PolicyVersion.objects.active().get().rules, RULE]
    draft = workflow.draft_policy(actor=person(Role.REVIEWER), rules=rules, reason="A dropped column came as a surprise.")
    story.teller.say(heading)
    story.teller.stage = None
    story.teller.tell(f"Rahul drafts {draft}: {RULE['why']}.")
    try:
        workflow.approve_policy(actor=person(Role.REVIEWER), version=draft)
    except Refusal as refusal:
        story.teller.tell(f"Rahul approves it himself and is refused. {refusal.message}")
    else:
        raise StoryFailed("Somebody approved a policy that they had drafted.")
    workflow.approve_policy(actor=person(Role.OPERATOR), version=draft)
    story.teller.tell(f"Ingrid approves it: {draft} holds, and every approval from now on says that it was given under it.")
