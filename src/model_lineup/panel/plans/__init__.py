"""Stored plans of fetches: their list, one with its items, and what is applied or discarded of it."""

from model_lineup.panel.plans import applying, one

ROUTERS = (one.router, applying.router)
