"""The FastAPI application: every noun's routes, one shape of errors, a policy on each route."""

from collections.abc import Callable, Sequence
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response

from model_lineup import __version__
from model_lineup.api import (
    aliases,
    answers,
    as_code,
    auth,
    bulk,
    capabilities,
    catalogues,
    changes,
    comparing,
    facts,
    groups,
    impact,
    keys,
    lint,
    models,
    openapi,
    people,
    plans,
    problems,
    providers,
    rollouts,
    runs,
    security,
    selector,
    setup,
    sights,
    staged,
    turns,
    usage,
    webhooks,
)
from model_lineup.api.dependencies import Anybody, policy_of
from model_lineup.api.page import style_sheet
from model_lineup.api.reference import reference
from model_lineup.errors import LineupError, StartRefused
from model_lineup.rooms import Rooms

ROUTERS = (
    auth.router,
    models.router,
    bulk.router,
    impact.router,
    facts.router,
    catalogues.router,
    lint.router,
    aliases.router,
    rollouts.router,
    selector.router,
    runs.router,
    comparing.router,
    capabilities.router,
    turns.router,
    providers.router,
    plans.router,
    webhooks.router,
    people.router,
    groups.router,
    sights.router,
    keys.router,
    changes.router,
    staged.router,
    as_code.router,
    security.router,
    usage.router,
    setup.router,
)


def build(
    rooms: Rooms,
    *,
    user_surface: dict[str, Any] | None = None,
    more: Sequence[APIRouter] = (),
    finish: Callable[[FastAPI], None] = lambda _: None,
) -> FastAPI:
    """The application over these rooms. Raises StartRefused when a route has no policy.

    `user_surface`: the OpenAPI document of `/v1`, which the reference page shows after its own. `more`: routes of
    another face, and `finish` what else that face has to say about errors.
    """
    app = FastAPI(
        title="Lineup admin API",
        version=__version__,
        description="Which models there are, who may use them, and proof that they work.",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
    )
    app.state.rooms = rooms
    for router in (*ROUTERS, *more):
        app.router.routes.extend(router.routes)  # include_router would hide them from the policy check
    _add_reference(app, user_surface)
    app.add_exception_handler(LineupError, problems.lineup_error)
    app.add_exception_handler(RequestValidationError, problems.validation_error)
    app.add_exception_handler(HTTPException, problems.http_error)
    app.add_exception_handler(Exception, problems.unexpected)
    finish(app)
    refuse_open_routes(app)
    return app


def refuse_open_routes(app: FastAPI) -> None:
    """Raises StartRefused naming the routes that do not say who may call them."""
    open_routes = [
        getattr(route, "path", "?")
        for route in app.routes
        if not isinstance(route, APIRoute) or not policy_of(route.dependant)
    ]
    if open_routes:
        raise StartRefused(f"These routes have no policy: {', '.join(open_routes)}.")


def _add_reference(app: FastAPI, user_surface: dict[str, Any] | None) -> None:
    made: dict[str, Any] = {}

    def cached() -> dict[str, Any]:
        if not made:
            made.update(openapi.document(app))
        return made

    @app.get("/api/openapi.json", include_in_schema=False)
    def openapi_document(_: Anybody) -> Response:
        return answers.answer(cached())

    @app.get("/api/page.css", include_in_schema=False)
    def style(_: Anybody) -> Response:
        return Response(style_sheet(), media_type="text/css", headers={"cache-control": "max-age=3600"})

    @app.get("/api/docs", include_in_schema=False)
    def docs(_: Anybody) -> Response:
        return HTMLResponse(reference(cached(), user_surface))
