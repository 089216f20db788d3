"""All pages, as routers for the FastAPI application."""

from model_lineup.panel import assets, overview, setup, signing_in
from model_lineup.panel.providers import asking, editing, listing

ROUTERS = (
    setup.router,
    signing_in.router,
    overview.router,
    listing.router,
    editing.router,
    asking.router,
    assets.router,
)
