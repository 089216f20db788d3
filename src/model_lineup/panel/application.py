"""All pages, as routers for the FastAPI application."""

from model_lineup.panel import assets, overview, setup, signing_in

ROUTERS = (
    setup.router,
    signing_in.router,
    overview.router,
    assets.router,
)
