"""All pages, as routers for the FastAPI application."""

from model_lineup.panel import assets, models, overview, setup, signing_in
from model_lineup.panel.playground import router as playground
from model_lineup.panel.providers import asking, editing, listing
from model_lineup.panel.runs import ROUTERS as RUNS

ROUTERS = (
    setup.router,
    signing_in.router,
    overview.router,
    listing.router,
    editing.router,
    asking.router,
    *models.ROUTERS,
    *RUNS,
    playground,
    assets.router,
)
