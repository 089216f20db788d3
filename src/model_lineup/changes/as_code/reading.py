"""A configuration file as it was written, TOML or JSON, turned into what it says; what is wrong is told by its line.

Nothing in here knows the database. No value of the file stands in an error: somebody may have put a key there.
"""

import json
import math
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, TypeVar

import msgspec

from model_lineup.access.groups import groups
from model_lineup.catalog import names
from model_lineup.catalog.rollouts import is_share
from model_lineup.changes.as_code import lines
from model_lineup.changes.as_code.shapes import FORMAT, AliasEntry, Configuration, GroupEntry, ModelEntry, ProviderEntry
from model_lineup.errors import InvalidInput

DEEPEST = 16
MOST_ERRORS = 20
_TOP = ("format", "provider_order", "groups", "providers", "models", "aliases")
_DOTTED = re.compile(r"""(?<![\w-])(?:(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+){17}""", re.ASCII)
"""Keys of so many parts take the standard library's reader quadratic time."""
_AT = re.compile(r"(.*?)(?: - at `\$(.*)`)?", re.DOTALL)
_FIELD = re.compile(r"(?:unknown|required) field `(.*)`", re.DOTALL)
_GROUP = re.compile(r"[^\x00-\x1f\x7f]{1,100}")
_WANTED = {
    "api_key": "where the key is is expected, env:NAME or file:/path; never the key itself",
    "model": "a model is expected as provider/model_id, with the provider's slug",
    "fallbacks": "models are expected as provider/model_id, with the provider's slug",
    "successor": "a model is expected as provider/model_id, with the provider's slug",
    "api_version": "letters, digits, dots, hyphens and underscores are expected",
}
Entry = TypeVar("Entry", bound=msgspec.Struct)


def read(text: str) -> Configuration:
    """Raises InvalidInput, with the pointer and the line of each thing that is wrong, up to twenty."""
    document = _document(text)
    reader = _Reader()
    found = reader.configuration(document)
    if reader.errors:
        raise refused(text, reader.errors)
    return found


def refused(text: str, errors: list[tuple[str, str]]) -> InvalidInput:
    """An error for these pointers and messages, by line."""
    line_of = lines.finder(text)
    told = [{"pointer": at, "message": message, "line": line_of(at)} for at, message in errors[:MOST_ERRORS]]
    first = told[0]
    where = f"line {first['line']}, " if first["line"] else ""
    more = f" ({len(errors) - 1} more)" if len(errors) > 1 else ""
    return InvalidInput(f"{where}{first['pointer'] or '/'}: {first['message']}{more}", errors=told)


class _Reader:
    """Goes on after what is wrong, so that all of it is told at once."""

    def __init__(self) -> None:
        self.errors: list[tuple[str, str]] = []

    def configuration(self, document: Mapping[str, Any]) -> Configuration:
        for name in document:
            if name not in _TOP:
                self._wrong(f"/{pointed(name)}", f"is not known here; a file has {', '.join(_TOP)}")
        said = document.get("format", FORMAT)
        if type(said) is not int or said != FORMAT:
            self._wrong("/format", f"{FORMAT} is expected, the only form of file that this Lineup reads")
        models = {
            (slug, model_id): entry
            for slug, table in self._tables(document, "models").items()
            for model_id, entry in self._entries(table, f"/models/{pointed(slug)}", ModelEntry, _check_model).items()
        }
        return Configuration(
            provider_order=self._order(document.get("provider_order")),
            groups=self._groups(document.get("groups", {})),
            providers=self._entries(document.get("providers", {}), "/providers", ProviderEntry, _check_slug),
            models=models,
            aliases=self._aliases(document.get("aliases", {})),
        )

    def _order(self, said: Any) -> tuple[str, ...] | None:
        if said is None:
            return None
        if not isinstance(said, list) or not all(isinstance(one, str) for one in said):
            self._wrong("/provider_order", "a list of slugs is expected")
            return None
        if len(set(said)) < len(said):
            self._wrong("/provider_order", "each slug is expected once")
        return tuple(said)

    def _groups(self, said: Any) -> dict[str, GroupEntry]:
        found = self._entries(said, "/groups", GroupEntry, _check_group)
        met: dict[str, str] = {}
        for name in found:
            if (other := met.setdefault(groups.folded(name), name)) != name:
                self._wrong(f"/groups/{pointed(name)}", f"{other!r} is the same group: case does not count")
        return found

    def _aliases(self, said: Any) -> dict[str, AliasEntry]:
        found = self._entries(said, "/aliases", AliasEntry, names.check_alias)
        met: dict[str, str] = {}
        for alias, entry in found.items():
            at = f"/aliases/{pointed(alias)}"
            if (other := met.setdefault(names.fold(alias), alias)) != alias:
                self._wrong(at, f"{other!r} is the same alias: case does not count")
            if len({entry.model, *entry.fallbacks}) <= len(entry.fallbacks):
                self._wrong(f"{at}/fallbacks", "each is expected once, and not the alias's own model")
            if entry.rollout is not None:
                if entry.rollout.model == entry.model:
                    self._wrong(f"{at}/rollout/model", "another model than the alias's own is expected")
                if not is_share(entry.rollout.share):
                    self._wrong(f"{at}/rollout/share", "hundredths of a percent are expected at the finest")
        return found

    def _tables(self, document: Mapping[str, Any], name: str) -> dict[str, Any]:
        said = document.get(name, {})
        if isinstance(said, dict):
            return said
        self._wrong(f"/{name}", "a table is expected")
        return {}

    def _entries(self, said: Any, at: str, kind: type[Entry], check: Callable[[str, str], None]) -> dict[str, Entry]:
        if not isinstance(said, dict):
            self._wrong(at, "a table is expected")
            return {}
        found = {}
        for name, fields in said.items():
            here = f"{at}/{pointed(name)}"
            try:
                check(name, here)
                found[name] = msgspec.convert(fields, kind)
            except InvalidInput as error:
                self._wrong(here, error.facts["errors"][0]["message"])
            except msgspec.ValidationError as error:
                self._wrong(*_told(here, str(error)))
        return found

    def _wrong(self, pointer: str, message: str) -> None:
        self.errors.append((pointer, message))


def pointed(name: str) -> str:
    """A part of a JSON pointer (RFC 6901)."""
    return name.replace("~", "~0").replace("/", "~1")


def _check_slug(slug: str, pointer: str) -> None:
    if not names.SLUG.fullmatch(slug):
        raise InvalidInput.at(pointer, "a slug has 1 to 40 of a-z, 0-9 and -")


def _check_group(name: str, pointer: str) -> None:
    if not _GROUP.fullmatch(name):
        raise InvalidInput.at(pointer, "a group's name has 1 to 100 characters on one line")


def _check_model(model_id: str, pointer: str) -> None:
    names.check_model_id(model_id, pointer)


def _told(here: str, message: str) -> tuple[str, str]:
    """Pointer and message of what msgspec found, in words; it names types and bounds, and no value."""
    found = _AT.fullmatch(message)
    words, path = (found[1], found[2] or "") if found else (message, "")
    pointer = here + re.sub(r"\[(\d+)\]", r"/\1", path.replace("[...]", "")).replace(".", "/")
    if field := _FIELD.search(words):
        missing = "missing required" in words
        return f"{pointer}/{pointed(field[1])}", "is needed" if missing else "is not known here"
    last = re.sub(r"/\d+$", "", pointer).rpartition("/")[2]
    if last in _WANTED or "regex" in words:
        words = _WANTED.get(last, "it holds characters that cannot stand here")
    return pointer, words[:1].lower() + words[1:]


def _document(text: str) -> dict[str, Any]:
    """Raises InvalidInput."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InvalidInput.at("/file", "this is no TOML and no JSON: it holds half of a surrogate pair") from None
    try:
        found = _json(text) if text.lstrip()[:1] == "{" else _toml(text)
    except RecursionError:
        raise InvalidInput.at("/file", "it is nested too deeply") from None
    _refuse_oddities(found)
    return found


def _json(text: str) -> dict[str, Any]:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            raise InvalidInput.at("/file", "a name stands twice in one object; say it once")
        return found

    try:
        msgspec.json.decode(text)
        found = json.loads(text, object_pairs_hook=once)
    except json.JSONDecodeError as error:
        raise InvalidInput.at("/file", f"line {error.lineno}: this is no JSON: {error.msg}") from None
    except (msgspec.DecodeError, UnicodeError, ValueError) as error:
        raise InvalidInput.at("/file", f"this is no JSON: {error}") from None
    if not isinstance(found, dict):
        raise InvalidInput.at("/file", "an object is expected")
    return found


def _toml(text: str) -> dict[str, Any]:
    if _DOTTED.search(text):
        raise InvalidInput.at("/file", "a key has too many parts")
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidInput.at("/file", f"this is no TOML: {lines.said_by_the_reader(error, text)}") from None
    except ValueError:  # a number of thousands of digits
        raise InvalidInput.at("/file", "a number in it is too long") from None


def _refuse_oddities(document: Mapping[str, Any]) -> None:
    """Raises InvalidInput for what TOML or JSON can say and no configuration means."""
    for pointer, value in _values(document, "", 0):
        if isinstance(value, float) and not math.isfinite(value):
            raise InvalidInput.at(pointer, "a finite number is expected")
        if isinstance(value, int) and abs(value) >= 2**53:
            raise InvalidInput.at(pointer, "the number is too large")
        if isinstance(value, datetime) and value.tzinfo is None:
            raise InvalidInput.at(pointer, "a time needs its zone, like 2030-01-31T12:00:00Z")


def _values(value: Any, pointer: str, depth: int) -> Iterator[tuple[str, Any]]:
    if depth > DEEPEST:
        raise InvalidInput.at(pointer, "it is nested too deeply")
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _values(inner, f"{pointer}/{pointed(name)}", depth + 1)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _values(inner, f"{pointer}/{number}", depth + 1)
    else:
        yield pointer, value
