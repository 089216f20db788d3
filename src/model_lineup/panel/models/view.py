"""What part of the table is looked at: filters, sort and page, as the address of the page says it."""

from typing import NamedTuple
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request

from model_lineup.api.models import FilterQuery, ListQuery
from model_lineup.catalog.shapes import ModelFilter
from model_lineup.errors import InvalidInput
from model_lineup.panel.forms import validated

PAGES = (50, 100, 200)
"""Rows of a page."""
USUAL_SORT = "display_name"
FILTERS = tuple(FilterQuery.model_fields)


class View(NamedTuple):
    """`filters`: as texts, only those that are set."""

    filters: dict[str, str]
    wanted: ModelFilter
    sort: str
    limit: int
    offset: int

    @property
    def query(self) -> str:
        """The address of exactly this, without what goes without saying."""
        return self.link()

    def link(self, **changes: object) -> str:
        """The query of another view: what changes is said, all else stays. A change begins at the first page, unless it
        says `offset`; None takes a filter away."""
        said: dict[str, object] = {**self.filters, "sort": self.sort, "limit": self.limit}
        said |= changes or {"offset": self.offset}
        usual = {"sort": USUAL_SORT, "limit": PAGES[0], "offset": 0}
        return urlencode([(name, value) for name, value in said.items() if value not in (None, usual.get(name))])

    def sorted_by(self, field: str, *, first_down: bool = False) -> str:
        """The query of the view that is sorted by this; of the other direction where it is so already."""
        down = self.sort == field if self.sort.removeprefix("-") == field else first_down
        return self.link(sort=f"-{field}" if down else field)

    def direction(self, field: str) -> str:
        """For `aria-sort`; empty where the table is sorted by something else."""
        return {field: "ascending", f"-{field}": "descending"}.get(self.sort, "")


def view_of(request: Request) -> View:
    """Fields that were left empty in a form are none. Raises InvalidInput."""
    return of_pairs({name: value for name, value in request.query_params.items() if value})


def of_pairs(said: dict[str, str]) -> View:
    """Names that mean nothing to the table are left alone. Raises InvalidInput."""
    said = {name: value for name, value in said.items() if name in ListQuery.model_fields and name != "wait_revision"}
    query = validated(ListQuery, {"sort": USUAL_SORT, "limit": PAGES[0], **said})
    if query.limit not in PAGES:
        raise InvalidInput.at("limit", f"a page has {', '.join(map(str, PAGES))} rows")
    filters = {name: said[name] for name in FILTERS if name in said}
    return View(filters, query.wanted(), query.sort, query.limit, query.offset)


def back_to(query: str) -> str:
    """The table as it was looked at; `query` comes from a form, so it is read and written anew."""
    found = of_pairs(dict(parse_qsl(query[:2_000]))).query
    return f"/models?{found}" if found else "/models"
