"""Cedar: a module's app below /tools, the plugin below a prefix of its own, a look without classes.

Light and dark by what the system prefers; CSRF tokens under another name; pieces of ours replaced.
"""

from __future__ import annotations

from typing import Any

from flask import Flask, Request, Response, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import CSRFProtect, FlaskForm
from markupsafe import Markup
from sqlalchemy.orm import Mapped, mapped_column
from werkzeug.exceptions import NotFound
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from wtforms import StringField

from smartpush_shopline import RecipientsField, ShopCard, SmartPush
from smartpush_shopline.migrations import include_name


class SmallRequest(Request):
    max_form_parts = 200


app = Flask(__name__)
app.request_class = SmallRequest
app.config.from_prefixed_env("CEDAR")
app.config |= {
    "WTF_CSRF_FIELD_NAME": "_token",
    "SMARTPUSH_URL_PREFIX": "/lists",
    "SMARTPUSH_BASE_TEMPLATE": "cedar/smartpush.html",
}
db = SQLAlchemy(app)
Migrate(app, db, include_name=include_name)
CSRFProtect(app)
smartpush = SmartPush(db=db)
mounted = DispatcherMiddleware(NotFound(), {"/tools": app})


class Letter(db.Model):
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]


class BoxedRecipients(RecipientsField):
    """The field of ours with something of Cedar's around it."""

    def __call__(self, **attributes: Any) -> Markup:
        return Markup('<div class="boxed">{}</div>').format(super().__call__(**attributes))


class LetterForm(FlaskForm):
    title = StringField("Title")
    to = BoxedRecipients("To", channel="email")


@smartpush.authorizer
def may(action: str, shop: ShopCard | None) -> bool:
    return bool(g.get("user")) and action in {"view", "choose", "export"}


smartpush.init_app(app)


@app.before_request
def guard() -> ResponseReturnValue | None:
    g.user = session.get("name")
    if g.user or request.endpoint in ("static", "login") or smartpush.is_public(request.endpoint):
        return None
    return redirect(url_for("login", next=request.path))


@app.after_request
def be_careful(answer: Response) -> Response:
    answer.headers["Content-Security-Policy"] = "default-src 'self'; frame-ancestors 'none'"
    return answer


@app.route("/login", methods=["GET", "POST"])
def login() -> ResponseReturnValue:
    if request.method == "POST":
        session["name"] = request.form["name"]
        return redirect(url_for("letter"))
    return render_template("cedar/login.html")


@app.route("/letter", methods=["GET", "POST"])
def letter() -> ResponseReturnValue:
    saved = smartpush.audiences.find("letter-1", "to")
    form = LetterForm(data={"to": saved.choice} if saved else None)
    if form.validate_on_submit():
        smartpush.audiences.save(form.to.data, campaign_ref="letter-1", field="to")
        db.session.commit()
        return redirect(url_for("letter"), 303)
    return render_template("cedar/letter.html", form=form, audience=saved)
