"""Projects as HTML."""

from portal.projects.pages import exports, imports, portfolio, register
from portal.projects.pages.blueprint import bp

__all__ = ["bp", "exports", "imports", "portfolio", "register"]
