"""Everything that can go wrong, one class each; every class knows its HTTP status and its stable code.

    LineupError
    ├── BadRequest 400           malformed_json, conflicting_credentials, sign_on_broken
    ├── NotSignedIn 401          credential missing, unknown, expired or revoked
    ├── NotAllowed 403           signed in, but the role does not reach; password_sign_in_off, sign_on_refused
    ├── NotFound 404             no such row, alias, run, page
    ├── MethodNotAllowed 405 · RequestTimeout 408
    ├── Conflict 409             what is stored stands against it
    │   ├── AmbiguousModel, DuplicateModel, DeletedModel
    │   ├── AliasTaken, AliasShadowsModel, NameWouldMove
    │   ├── CredentialRebindRequired, ProviderHasModels
    │   ├── DuplicateGroup, GroupInUse
    │   ├── PlanOvertaken, PlanClosed, FetchUnderWay
    │   ├── NotUndoable, UndoConflict, ManagedByFile
    │   ├── StagedOver
    │   ├── TooFewKeys, TargetNotAvailable, NotProven
    │   ├── IdempotencyInProgress, IdempotencyAnswerLost
    │   └── RunInProgress, TestInProgress, LastAdmin, SetupDone
    ├── PreconditionFailed 412   If-Match names an older version
    ├── TooLarge 413 · UnsupportedMediaType 415
    ├── InvalidInput 422         a field is missing, unknown, of the wrong type or out of range
    │   └── EgressRefused        a base URL that the network scope does not allow
    ├── TooManyRequests 429      sign_in_throttled, rate_exceeded
    ├── HeadTooLarge 431
    ├── UpstreamFailed 502       a provider did not do what it was asked; sign_on_unavailable
    ├── Unavailable 503          the database is busy, a key cannot be opened, set-up is not done
    ├── GatewayTimeout 504       it did not happen in time
    ├── StorageFull 507          nothing more can be written; reading goes on
    ├── StartRefused             not over HTTP: exit code 78
    └── OperationRefused         not over HTTP: backup, restore, rotate-keys; exit code 1

The classes stand by subject in the modules of this package; `tree` holds those of the first level.
Raised where the fact is known; turned into `application/problem+json` once, in `shell/` and `api/problems.py`.
A message names the thing, what was expected and what to do next, and holds no secret.
"""

from model_lineup.errors.access import (
    DuplicateGroup,
    DuplicatePerson,
    GroupInUse,
    LastAdmin,
    PasswordsBusy,
    PasswordSignInOff,
    SetupDone,
    SetupPending,
    SignInThrottled,
    SignOnBroken,
    SignOnRefused,
    SignOnUnavailable,
)
from model_lineup.errors.catalog import (
    AliasShadowsModel,
    AliasTaken,
    AmbiguousModel,
    CredentialRebindRequired,
    DeletedModel,
    DuplicateModel,
    DuplicateProvider,
    EgressRefused,
    FetchUnderWay,
    ImportConflict,
    KeyUndecryptable,
    ManagedByFile,
    ModelNotFound,
    NameWouldMove,
    NotProven,
    NotUndoable,
    PlanClosed,
    PlanOvertaken,
    ProviderHasModels,
    RunInProgress,
    StagedOver,
    TargetNotAvailable,
    TestInProgress,
    TooFewKeys,
    UndoConflict,
    UnknownProvider,
)
from model_lineup.errors.operations import (
    DatabaseBusy,
    DatabaseUnreadable,
    OperationRefused,
    StartRefused,
)
from model_lineup.errors.problems import (
    error_classes,
    problem_body,
    problem_headers,
)
from model_lineup.errors.requests import (
    BadIdempotencyKey,
    ConflictingCredentials,
    IdempotencyAnswerLost,
    IdempotencyInProgress,
    IdempotencyKeyReused,
    MalformedJson,
    Overloaded,
    RateExceeded,
)
from model_lineup.errors.tree import (
    BadRequest,
    Conflict,
    GatewayTimeout,
    HeadTooLarge,
    InvalidInput,
    LineupError,
    MethodNotAllowed,
    NotAllowed,
    NotFound,
    NotSignedIn,
    PreconditionFailed,
    RequestTimeout,
    StorageFull,
    TooLarge,
    TooManyRequests,
    Unavailable,
    UnsupportedMediaType,
    UpstreamFailed,
)

__all__ = [
    "AliasShadowsModel",
    "AliasTaken",
    "AmbiguousModel",
    "BadIdempotencyKey",
    "BadRequest",
    "Conflict",
    "ConflictingCredentials",
    "CredentialRebindRequired",
    "DatabaseBusy",
    "DatabaseUnreadable",
    "DeletedModel",
    "DuplicateGroup",
    "DuplicateModel",
    "DuplicatePerson",
    "DuplicateProvider",
    "EgressRefused",
    "FetchUnderWay",
    "GatewayTimeout",
    "GroupInUse",
    "HeadTooLarge",
    "IdempotencyAnswerLost",
    "IdempotencyInProgress",
    "IdempotencyKeyReused",
    "ImportConflict",
    "InvalidInput",
    "KeyUndecryptable",
    "LastAdmin",
    "LineupError",
    "MalformedJson",
    "ManagedByFile",
    "MethodNotAllowed",
    "ModelNotFound",
    "NameWouldMove",
    "NotAllowed",
    "NotFound",
    "NotProven",
    "NotSignedIn",
    "NotUndoable",
    "OperationRefused",
    "Overloaded",
    "PasswordSignInOff",
    "PasswordsBusy",
    "PlanClosed",
    "PlanOvertaken",
    "PreconditionFailed",
    "ProviderHasModels",
    "RateExceeded",
    "RequestTimeout",
    "RunInProgress",
    "SetupDone",
    "SetupPending",
    "SignInThrottled",
    "SignOnBroken",
    "SignOnRefused",
    "SignOnUnavailable",
    "StagedOver",
    "StartRefused",
    "StorageFull",
    "TargetNotAvailable",
    "TestInProgress",
    "TooFewKeys",
    "TooLarge",
    "TooManyRequests",
    "Unavailable",
    "UndoConflict",
    "UnknownProvider",
    "UnsupportedMediaType",
    "UpstreamFailed",
    "error_classes",
    "problem_body",
    "problem_headers",
]
