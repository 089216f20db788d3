"""From a LiteLLM proxy's configuration to a file of ours, with a list of what is not carried and why. Pure.

Deployments of one `model_name` become one alias: the first is its model, the others are its fallbacks, in LiteLLM's
`order` where it says one. Fallbacks between names follow them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from model_lineup.catalog import names
from model_lineup.changes.as_code import toml
from model_lineup.changes.as_code.litellm import facts, places
from model_lineup.changes.as_code.litellm.places import LITERAL, NotCarried, Place
from model_lineup.changes.as_code.litellm.reading import read
from model_lineup.changes.as_code.providers import placeholder
from model_lineup.changes.as_code.shapes import FORMAT, AliasEntry, ModelEntry, ProviderEntry, plain
from model_lineup.errors import InvalidInput

FALLBACKS = 8
_PARAMS = {"model", "api_key", "api_base", "base_url", "api_version", "custom_llm_provider", "order"}
_WHY = {
    "rpm": "limits are set per key here",
    "tpm": "limits are set per key here",
    "weight": "requests are not spread over deployments: the first answers, the others are fallbacks",
    "callbacks": "Lineup keeps its own usage and notices (`lineup webhooks`)",
    "success_callback": "Lineup keeps its own usage and notices (`lineup webhooks`)",
    "failure_callback": "Lineup keeps its own usage and notices (`lineup webhooks`)",
    "master_key": "keys are made here: `lineup keys create`",
    "database_url": "Lineup has a database of its own",
    "num_retries": "a request is tried again with its alias's fallbacks only",
    "routing_strategy": "the first model answers, the others are fallbacks",
    "context_window_fallbacks": "fallbacks are tried for failures to connect, timeouts, 429 and 5xx only",
    "content_policy_fallbacks": "fallbacks are tried for failures to connect, timeouts, 429 and 5xx only",
    "timeout": "time-outs are set per provider: `timeouts`",
    "request_timeout": "time-outs are set per provider: `timeouts`",
}
_NOTHING_LIKE_IT = "Lineup has nothing like it"
_SECTIONS = ("router_settings", "litellm_settings")


class LeftOut(NamedTuple):
    """What is not carried, and why."""

    what: str
    why: str


class Converted(NamedTuple):
    """`text` is a configuration file."""

    text: str
    providers: int
    models: int
    aliases: int
    left_out: list[LeftOut]


def convert(text: str) -> Converted:
    """Raises InvalidInput for what is no LiteLLM configuration."""
    work = _Work(read(text))
    work.deployments()
    work.groups()
    work.settings()
    head = ["From a LiteLLM configuration. Look it over, then `lineup apply -f FILE`."]
    if work.left_out:
        head += ["", "Not carried:", *(f"- {_one_line(what)}: {_one_line(why)}" for what, why in work.left_out)]
    tables = [
        *(toml.Table(("providers", slug), plain(one)) for slug, one in sorted(work.providers.items())),
        *(toml.Table(("models", *key), plain(one)) for key, one in sorted(work.models.items())),
        *(toml.Table(("aliases", name), plain(one)) for name, one in sorted(work.aliases.items())),
    ]
    written = toml.written("\n".join(head), {"format": FORMAT}, tables)
    return Converted(written, len(work.providers), len(work.models), len(work.aliases), work.left_out)


@dataclass(slots=True)
class _Work:
    config: Mapping[str, Any]
    providers: dict[str, ProviderEntry] = field(default_factory=dict)
    models: dict[tuple[str, str], ModelEntry] = field(default_factory=dict)
    aliases: dict[str, AliasEntry] = field(default_factory=dict)
    left_out: list[LeftOut] = field(default_factory=list)
    _slugs: dict[Place, str] = field(default_factory=dict)
    _deployed: dict[str, list[tuple[float, str]]] = field(default_factory=dict)

    def deployments(self) -> None:
        """Every deployment as a provider and a model; by `model_name`, which models there are."""
        for number, said in enumerate(self.config["model_list"], start=1):
            where = f"model_list {number}"
            name = said.get("model_name") if isinstance(said, dict) else None
            params = said.get("litellm_params") if isinstance(said, dict) else None
            if not isinstance(name, str) or not isinstance(params, dict):
                self._leave(where, "it has no `model_name` and `litellm_params`")
                continue
            where = f"{where} ({name[:80]})"
            try:
                place, model_id = self._placed(name, params)
            except NotCarried as reason:
                self._leave(where, str(reason))
                continue
            info = said.get("model_info") or {}
            self._deploy(where, name, place, model_id, params, info if isinstance(info, dict) else {})

    def groups(self) -> None:
        """Aliases of the names, with the names that follow them when they fail."""
        follow = dict(self._fallbacks())
        for name, found in self._deployed.items():
            targets = [target for _, target in sorted(found, key=lambda one: one[0])]
            for other in follow.get(name, []):
                if other in self._deployed:
                    targets += [target for _, target in sorted(self._deployed[other], key=lambda one: one[0])]
                else:
                    self._leave(f"fallback {name[:80]} → {other[:80]}", "there is no such name")
            self._point(name, list(dict.fromkeys(targets)))
        for alias, group in self._group_aliases():
            if group in self._deployed:
                targets = [target for _, target in sorted(self._deployed[group], key=lambda one: one[0])]
                self._point(alias, list(dict.fromkeys(targets)))
            else:
                self._leave(f"model_group_alias {alias[:80]}", f"there is no name {group[:80]!r}")

    def settings(self) -> None:
        """Everything else, by name."""
        for section, said in self.config.items():
            if section == "model_list":
                continue
            if not isinstance(said, dict):
                self._leave(str(section)[:80], _NOTHING_LIKE_IT)
                continue
            for name in said:
                if section not in _SECTIONS or name not in ("fallbacks", "model_group_alias"):
                    self._leave(f"{section}.{name}"[:160], _WHY.get(str(name), _NOTHING_LIKE_IT))

    def _placed(self, name: str, params: Mapping[str, Any]) -> tuple[Place, str]:
        """Raises NotCarried."""
        if "*" in name:
            raise NotCarried("wildcards name models that are not listed; fetch them with `lineup providers fetch`")
        place, model_id = places.place_of(params)
        try:
            names.check_model_id(model_id, "")
        except InvalidInput:
            raise NotCarried("its model id is empty, too long, or holds control characters") from None
        return place, model_id

    def _deploy(
        self, where: str, name: str, place: Place, model_id: str, params: Mapping[str, Any], info: Mapping[str, Any]
    ) -> None:
        slug = self._provider(where, place)
        self.models.setdefault((slug, model_id), facts.entry_of(info))
        order = params.get("order")
        rank = order if isinstance(order, int | float) and not isinstance(order, bool) else float("inf")
        self._deployed.setdefault(name, []).append((rank, f"{slug}/{model_id}"))
        for param in params:
            if param not in _PARAMS:
                self._leave(f"{where}: {str(param)[:80]}", _WHY.get(str(param), _NOTHING_LIKE_IT))
        if rest := facts.not_carried(info):
            self._leave(f"{where}: model_info {', '.join(rest)[:200]}", _NOTHING_LIKE_IT)

    def _provider(self, where: str, place: Place) -> str:
        """One for each address and key."""
        if place.key == LITERAL:
            self._leave(f"{where}: api_key", "a key that stands in a file is not copied; set the variable named here")
        if place in self._slugs:
            return self._slugs[place]
        slug = self._slugs[place] = names.slug_of(place.prefix, lambda taken: taken in self.providers)
        self.providers[slug] = ProviderEntry(
            name=slug,
            type=place.kind,
            base_url=place.base_url,
            api_key=placeholder(slug) if place.key == LITERAL else place.key,
            network_scope=places.scope_of(place.base_url),
            api_version=place.api_version,
        )
        return slug

    def _point(self, name: str, targets: list[str]) -> None:
        """An alias, unless the name alone means that model already."""
        if not names.ALIAS.fullmatch(name):
            self._leave(f"name {name[:80]!r}", "an alias has letters, digits and . _ : / @ - (128 at most)")
            return
        if len(targets) == 1 and name in (targets[0], targets[0].partition("/")[2]):
            return
        if any(names.fold(one) == names.fold(name) for one in self.aliases):
            self._leave(f"name {name[:80]!r}", "another name is the same but for case")
            return
        if len(targets) > FALLBACKS + 1:
            self._leave(
                f"name {name[:80]!r}", f"{len(targets) - FALLBACKS - 1} deployments beyond {FALLBACKS} fallbacks"
            )
        self.aliases[name] = AliasEntry(model=targets[0], fallbacks=tuple(targets[1 : FALLBACKS + 1]))

    def _fallbacks(self) -> Iterator[tuple[str, list[str]]]:
        for section in _SECTIONS:
            settings = self.config.get(section)
            said = settings.get("fallbacks") if isinstance(settings, dict) else None
            for one in said if isinstance(said, list) else ():
                if isinstance(one, dict):
                    for name, others in one.items():
                        found = (
                            [other for other in others if isinstance(other, str)] if isinstance(others, list) else []
                        )
                        yield str(name), found

    def _group_aliases(self) -> Iterator[tuple[str, str]]:
        settings = self.config.get("router_settings")
        said = settings.get("model_group_alias") if isinstance(settings, dict) else None
        for alias, group in said.items() if isinstance(said, dict) else ():
            found = group.get("model") if isinstance(group, dict) else group
            yield str(alias), str(found)

    def _leave(self, what: str, why: str) -> None:
        self.left_out.append(LeftOut(what, why))


def _one_line(text: str) -> str:
    return "".join(one if one.isprintable() else "\ufffd" for one in text)
