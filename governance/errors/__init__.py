"""Refusals: one class per reason. The docstring is the reason, the attributes are the data, the message says what to do.

Refusal
├── BadInput            what was handed in cannot be used
│   ├── BadScriptName  MissingRollback  DuplicateVersion  BadSpecification  BadCheck  BadDirective  BadGroup  BadRecurrence  BadPolicy
│   └── UnparsableScript  MixedScript  TransactionControl  TargetUnlocked
├── NotAllowed          this person may not do this
│   ├── MissingRole  OwnWork  AlreadyDecided  NeedsReason  CountedTwice  OnlyApprover  TwoPeople
│   └── NotDelegated  PasswordNeeded  WrongPassword  ReviewOverdue  TookPart
├── NotReady            the change is not there yet
│   ├── WrongStage  MissingEvidence  DigestChanged  DependencyCycle  OutsideWindow  BookingTaken
│   ├── Undeployed  AlreadyApplied  TargetBusy  NewBlocker  NothingToUndo  Irreversible  RecordInUse
│   └── StillNeeded  TakenMeanwhile  GoneMeanwhile  NotAsked  NotItsTurn  StepChanged
└── TargetRefused       the target database cannot be used
    └── UnknownConnection  TargetUnreachable  TargetReadOnly  TargetPooled  TargetDiffers
"""

from governance.errors.deciding import (
    BadPolicy,
    CountedTwice,
    NotAsked,
    NotDelegated,
    NotItsTurn,
    OnlyApprover,
    PasswordNeeded,
    StepChanged,
    TwoPeople,
    WrongPassword,
)
from governance.errors.inputs import (
    BadCheck,
    BadDirective,
    BadGroup,
    BadInput,
    BadRecurrence,
    BadScriptName,
    BadSpecification,
    DuplicateVersion,
    MissingRollback,
    MixedScript,
    TargetUnlocked,
    TransactionControl,
    UnparsableScript,
)
from governance.errors.people import AlreadyDecided, MissingRole, NeedsReason, NotAllowed, OwnWork, ReviewOverdue, TookPart
from governance.errors.readiness import (
    AlreadyApplied,
    BookingTaken,
    DependencyCycle,
    DigestChanged,
    GoneMeanwhile,
    Irreversible,
    MissingEvidence,
    NewBlocker,
    NothingToUndo,
    NotReady,
    OutsideWindow,
    RecordInUse,
    StillNeeded,
    TakenMeanwhile,
    TargetBusy,
    Undeployed,
    WrongStage,
)
from governance.errors.refusal import Refusal
from governance.errors.targets import TargetDiffers, TargetPooled, TargetReadOnly, TargetRefused, TargetUnreachable, UnknownConnection

__all__ = [
    "AlreadyApplied", "AlreadyDecided", "BadCheck", "BadDirective", "BadGroup", "BadInput", "BadPolicy", "BadRecurrence", "BadScriptName",
    "BadSpecification", "BookingTaken", "CountedTwice", "DependencyCycle", "DigestChanged", "DuplicateVersion", "GoneMeanwhile",
    "Irreversible", "MissingEvidence", "MissingRole", "MissingRollback", "MixedScript", "NeedsReason", "NewBlocker", "NotAllowed",
    "NotAsked", "NotDelegated", "NotItsTurn", "NotReady", "NothingToUndo", "OnlyApprover", "OutsideWindow", "OwnWork", "PasswordNeeded",
    "RecordInUse", "Refusal", "ReviewOverdue", "StepChanged", "StillNeeded", "TakenMeanwhile", "TargetBusy", "TargetDiffers",
    "TargetPooled", "TargetReadOnly", "TargetRefused", "TargetUnlocked", "TargetUnreachable", "TookPart", "TransactionControl",
    "TwoPeople", "Undeployed", "UnknownConnection", "UnparsableScript", "WrongPassword", "WrongStage",
]  # fmt: skip
