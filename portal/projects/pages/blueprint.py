"""Where the pages of the register hang."""

from flask import Blueprint

bp = Blueprint("projects", __name__, url_prefix="/projects")
