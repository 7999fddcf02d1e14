"""The dashboard's own login and guard: who is here, what they may do, and the way back."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urljoin, urlsplit

from flask import (
    Blueprint,
    Flask,
    abort,
    flash,
    g,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from sqlalchemy import select
from werkzeug.security import check_password_hash
from wtforms import EmailField, PasswordField
from wtforms.validators import InputRequired

from examples.dashboard.models import User, db

auth = Blueprint("auth", __name__)

ROLES = {
    "marketer": {"view", "choose", "send", "sync", "export", "suppress", "erase", "connect"},
    "viewer": {"view"},
}


class LoginForm(FlaskForm):
    email = EmailField("Email", validators=[InputRequired("Enter your email address.")])
    password = PasswordField("Password", validators=[InputRequired("Enter your password.")])


def current_user() -> User | None:
    if "user" not in g:
        user_id = session_user_id()
        g.user = db.session.get(User, user_id) if user_id is not None else None
    return g.user  # type: ignore[no-any-return]


def session_user_id() -> int | None:
    return session.get("user_id")


def user_may(user: User | None, action: str) -> bool:
    return user is not None and action in ROLES[user.role]


def require(action: str) -> None:
    if not user_may(current_user(), action):
        abort(403)


def safe_path(target: str | None) -> str:
    """Where to go after the login: a path of this site, whatever was asked for."""
    if not target or "\\" in target or any(ord(sign) < 33 for sign in target):
        return url_for("home.index")
    url = urlsplit(urljoin(request.host_url, target))
    here = urlsplit(request.host_url)
    if (url.scheme, url.netloc) != (here.scheme, here.netloc) or url.path.startswith("//"):
        return url_for("home.index")
    return url._replace(scheme="", netloc="", fragment="").geturl()


@auth.route("/login", methods=["GET", "POST"])
def login() -> ResponseReturnValue:
    form = LoginForm()
    if form.validate_on_submit():
        email = (form.email.data or "").strip().lower()
        user = db.session.scalar(select(User).where(User.email == email))
        if user is not None and check_password_hash(user.password_hash, form.password.data):
            kept = {name: value for name, value in session.items() if name.startswith("smartpush")}
            session.clear()
            session.update(kept, user_id=user.id)
            return redirect(safe_path(request.args.get("next")), 303)
        form.password.errors = ["That email and password do not go together."]
    return render_template("juniper/login.html", form=form), 422 if form.errors else 200


@auth.post("/logout")
def logout() -> ResponseReturnValue:
    session.clear()
    flash("You are signed out.")
    return redirect(url_for(".login"), 303)


def install_guard(app: Flask, is_public: Callable[[str], bool]) -> None:
    """Everything but the login and what the plugin declares public needs a signed-in person."""

    @app.before_request
    def guard() -> ResponseReturnValue | None:
        endpoint = request.endpoint
        if endpoint is None or endpoint in {"static", "auth.login"} or is_public(endpoint):
            return None
        if current_user() is not None:
            return None
        if request.headers.get("HX-Request"):
            # A piece of a page cannot hold a login form: the whole page goes there.
            back = safe_path(request.headers.get("HX-Current-URL"))
            return "", 401, {"HX-Redirect": url_for("auth.login", next=back)}
        if request.method not in {"GET", "HEAD"}:
            return redirect(url_for("auth.login"), 303)
        return redirect(url_for("auth.login", next=request.full_path.rstrip("?")))
