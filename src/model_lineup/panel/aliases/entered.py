"""What is entered about an alias: models by number or by id, and what the API would say to it."""

from typing import Any

from model_lineup.catalog.shapes import ImportItem, Model
from model_lineup.errors import ImportConflict, InvalidInput, LineupError
from model_lineup.journal.record import Author
from model_lineup.panel.forms import Form
from model_lineup.panel.models.picking import Picker, of_form
from model_lineup.rooms import Rooms

FIELDS = ("alias", "model", "description", "fallbacks")


def entered(form: Form) -> dict[str, str]:
    values = {field: form.text(field)[:2_100] for field in FIELDS}
    return values | {"fallbacks": "\n".join(form.many("fallbacks"))[:2_100]}


def pickers(there: Rooms, form: Form) -> dict[str, Picker]:
    return {field: of_form(there, form, field) for field in ("model", "fallbacks")}


def model_of(there: Rooms, said: str, field: str = "model") -> Model:
    """`12` is the model of this number, all else a provider's id of one. Raises InvalidInput, NotFound, Conflict."""
    if not said:
        raise InvalidInput.at(field, "choose the model that it leads to")
    if said.isascii() and said.isdigit() and len(said) < 16:
        return there.models.get(int(said))
    return there.models.find(said)


def fallbacks_of(there: Rooms, said: str) -> list[int]:
    """One model a line, or with commas between. Raises as `model_of` does."""
    words = [word.strip() for word in said.replace(",", "\n").split("\n")]
    return [model_of(there, word, "fallbacks").id for word in words if word]


def conflict(there: Rooms, by: Author, alias: str, model: Model) -> str:
    """What speaks against this alias, found by the rehearsal of an import of it alone; empty where nothing does."""
    item = ImportItem(model_id=model.model_id, alias=alias, provider_id=model.provider_id)
    try:
        result = there.alias_import.run([item], by, dry_run=True)
    except ImportConflict as error:
        return str(error.facts["items"][0].message)
    except LineupError as error:
        return error.detail
    outcome: Any = result.items[0].outcome
    return "it is there already, and leads to this model" if outcome == "unchanged" else ""
