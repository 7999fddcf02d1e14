"""Customers in the Admin: find, add, change, blacklist, delete."""

from __future__ import annotations

from flask import request
from werkzeug.wrappers import Response

from . import buying, people
from .admin import Page, admin, done, page_of, show
from .door import store, world
from .model import BLACKLISTED, NOT_INVITED, Customer
from .people import Invalid

SOURCE = "Admin"
NAMES = ("first_name", "last_name", "email", "phone", "tags", "note")
CONSENTS = ("email_consent", "sms_consent")


@admin.get("/customers")
def customers() -> str:
    words = request.args.get("q", "").strip()
    found = people.search(store(), words) if words else store().customers.everyone()
    return show("customers.html", "customers", page=page_of(found), q=words)


@admin.get("/customers/new")
def new_customer() -> str:
    form = {**dict.fromkeys(NAMES, ""), "email_consent": "2", "sms_consent": "2"}
    return show("customer_new.html", "customers", form=form, error=None)


@admin.post("/customers/new")
def add_customer() -> Page:
    form = request.form.to_dict()
    try:
        if not any(form.get(name, "").strip() for name in ("email", "phone")):
            raise Invalid("email", "A customer needs an e-mail address or a phone number.")
        customer = people.create(store(), _changes(form), SOURCE)
    except Invalid as error:
        return show("customer_new.html", "customers", form=form, error=error), 422
    return done("created", "customer", ref=customer.id)


@admin.get("/customers/<ref>")
def customer(ref: str) -> str:
    found = people.get(store(), ref)
    return _page(found, _form(found))


@admin.post("/customers/<ref>")
def save_customer(ref: str) -> Page:
    form = request.form.to_dict()
    try:
        people.edit(store(), ref, _changes(form), SOURCE)
    except Invalid as error:
        old = people.get(store(), ref)
        return _page(old, {**_form(old), **form}, error), 422
    return done("saved", "customer", ref=ref)


@admin.post("/customers/<ref>/blacklist")
def blacklist(ref: str) -> Response:
    """On and off; what the account was before the blacklist is not remembered."""
    blocked = people.get(store(), ref).state == BLACKLISTED
    state = NOT_INVITED if blocked else BLACKLISTED
    people.edit(store(), ref, {"state": state}, SOURCE)
    return done("unblacklisted" if blocked else "blacklisted", "customer", ref=ref)


@admin.post("/customers/<ref>/order")
def add_order(ref: str) -> Page:
    try:
        buying.place(store(), ref, request.form.get("amount", ""))
    except Invalid as error:
        found = people.get(store(), ref)
        return _page(found, {**_form(found), "amount": request.form.get("amount", "")}, error), 422
    return done("ordered", "customer", ref=ref)


@admin.post("/customers/<ref>/redact")
def redact_customer(ref: str) -> Response:
    orders = buying.orders_of(store(), people.get(store(), ref))
    people.redact(store(), ref, orders, world().settings.gdpr_url)
    return done("redact", "customer", ref=ref)


@admin.post("/customers/<ref>/delete")
def delete_customer(ref: str) -> Response:
    people.delete(store(), ref)
    return done("deleted", "customers")


def _page(customer: Customer, form: dict[str, str], error: Invalid | None = None) -> str:
    return show("customer.html", "customers", customer=customer, form=form, error=error)


def _form(customer: Customer) -> dict[str, str]:
    form = {name: getattr(customer, name) for name in NAMES if name != "tags"}
    form["tags"] = ", ".join(customer.tags)
    return {**form, **{name: str(getattr(customer, name).state) for name in CONSENTS}}


def _changes(form: dict[str, str]) -> dict[str, object]:
    """The form in the words of the API."""
    changes: dict[str, object] = {name: form[name] for name in NAMES if name in form}
    if {"first_name", "last_name"} <= form.keys():
        first, last = form["first_name"].strip(), form["last_name"].strip()
        together = f"{first} {last}" if f"{first}{last}".isascii() else f"{last}{first}"
        changes["nick_name"] = together.strip()
    for name in CONSENTS:
        if name in form:
            field = name.replace("_", "_marketing_")
            changes[field] = {"state": form[name]}
    return changes
