"""What stands against a change of models, aliases and providers, or against using them."""

from model_lineup.errors.tree import Conflict, InvalidInput, NotFound, Unavailable


class ModelNotFound(NotFound):
    code = "model_not_found"
    title = "There is no such model"


class AmbiguousModel(Conflict):
    code = "ambiguous_model"
    title = "Several providers have a model of this id"


class DuplicateModel(Conflict):
    code = "duplicate_model"
    title = "This provider already has a model of this id"


class DeletedModel(Conflict):
    code = "deleted_model"
    title = "A deleted model holds this id"


class AliasTaken(Conflict):
    code = "alias_taken"
    title = "This alias is already in use"


class AliasShadowsModel(Conflict):
    code = "alias_shadows_model"
    title = "A visible model is called by this name"


class ImportConflict(Conflict):
    code = "import_conflict"
    title = "The import was not stored"


class NameWouldMove(Conflict):
    code = "name_would_move"
    title = "A name in use would mean another model"


class ManagedByFile(Conflict):
    code = "managed_by_file"
    title = "This row belongs to a configuration file"


class NotUndoable(Conflict):
    code = "not_undoable"
    title = "This change cannot be taken back"


class UndoConflict(Conflict):
    code = "undo_conflict"
    title = "Something stands against taking this change back"


class DuplicateProvider(Conflict):
    code = "duplicate_provider"
    title = "Another provider has this slug"


class UnknownProvider(InvalidInput):
    code = "unknown_provider"
    title = "There is no such provider"


class ProviderHasModels(Conflict):
    code = "provider_has_models"
    title = "The provider still has models"


class CredentialRebindRequired(Conflict):
    code = "credential_rebind_required"
    title = "The stored key belongs to another origin"


class EgressRefused(InvalidInput):
    code = "egress_refused"
    title = "Lineup may not talk to this address"


class KeyUndecryptable(Unavailable):
    code = "key_undecryptable"
    title = "The stored key cannot be opened"


class RunInProgress(Conflict):
    code = "run_in_progress"
    title = "This model is being benchmarked already"


class PlanOvertaken(Conflict):
    code = "plan_overtaken"
    title = "Something changed since the plan was made"


class FetchUnderWay(Conflict):
    code = "fetch_under_way"
    title = "This provider is being fetched already"


class PlanClosed(Conflict):
    code = "plan_closed"
    title = "The plan has ended"


class TooFewKeys(Conflict):
    code = "too_few_keys"
    title = "There are too few keys for a share of them"


class TargetNotAvailable(Conflict):
    code = "target_not_available"
    title = "The model cannot be rolled out while callers cannot reach it"


class NotProven(Conflict):
    code = "not_proven"
    title = "Tests have not proven what the alias's model declares"


class StagedOver(Conflict):
    code = "staged_over"
    title = "The staged change has ended"


class TestInProgress(Conflict):
    __test__ = False
    code = "test_in_progress"
    title = "The capabilities of this model are being tested already"
