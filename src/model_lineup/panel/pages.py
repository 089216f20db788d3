"""The routers of the panel's pages."""

from fastapi import APIRouter, Depends

from model_lineup.panel.visitors import own_form


def pages(prefix: str = "") -> APIRouter:
    """A router below `/admin` on which every write is checked for being a form of ours."""
    return APIRouter(prefix=f"/admin{prefix}", include_in_schema=False, dependencies=[Depends(own_form)])
