"""Out of the Admin's frame: browsers send no cookies of the dashboard in there, so no login works.

Nor may SHOPLINE's authorize page be framed. The page works without App Bridge and, by its link,
without JavaScript; its one script is a file of ours, so a strict content security policy is fine.
"""

from __future__ import annotations

from flask import Response, make_response

from ..web import render


def break_out(path: str) -> Response:
    """A small page that opens this path of ours in the whole window."""
    response = make_response(render("framed.html", path=path))
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    return response
