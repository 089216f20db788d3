"""The panel's sections: their order, names, pictures, and who sees them."""

from typing import TYPE_CHECKING, NamedTuple

from model_lineup.access.actor import Role

if TYPE_CHECKING:
    from model_lineup.panel.render import Here


class Section(NamedTuple):
    path: str
    title: str
    icon: str
    role: Role
    is_here: bool = False


SECTIONS = (
    Section("", "Overview", "layout-dashboard", Role.VIEWER),
    Section("/providers", "Providers", "plug", Role.VIEWER),
    Section("/models", "Models", "boxes", Role.VIEWER),
    Section("/aliases", "Aliases", "at-sign", Role.VIEWER),
    Section("/runs", "Tests & Benchmarks", "gauge", Role.VIEWER),
    Section("/findings", "Findings", "search-check", Role.VIEWER),
    Section("/playground", "Playground", "message-square", Role.VIEWER),
    Section("/keys", "Keys", "key-round", Role.VIEWER),
    Section("/people", "People", "users", Role.VIEWER),
    Section("/groups", "Groups", "users-round", Role.VIEWER),
    Section("/activity", "Activity", "activity", Role.VIEWER),
    Section("/usage", "Usage", "chart-column", Role.USER),
    Section("/settings", "Settings", "settings", Role.VIEWER),
    Section("/account", "Your account", "lock", Role.USER),
)


def sections(here: "Here") -> list[Section]:
    """Those that the visitor may see; none for a stranger."""
    if here.visitor is None:
        return []
    role = here.visitor.role
    return [one._replace(is_here=_is_in(one, here.path)) for one in SECTIONS if role.reaches(one.role)]


def _is_in(section: Section, path: str) -> bool:
    path = path.rstrip("/")
    return path == section.path or (section.path != "" and path.startswith(f"{section.path}/"))
