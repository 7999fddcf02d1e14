"""Campaigns: the list, the form, the page of one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, abort, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from examples.dashboard.auth import require
from examples.dashboard.forms import FORMS, CampaignForm
from examples.dashboard.models import CHANNELS, Campaign, db
from examples.dashboard.plugin import smartpush
from smartpush_shopline import AudienceRef, SmartPushError

STATUSES = {"draft": "saved as a draft", "ready": "ready"}
GONE_OUT = ("sending", "sent")
TO_GO_OUT = ("scheduled", "held")

campaigns = Blueprint("campaigns", __name__, url_prefix="/campaigns")


@campaigns.get("/")
def index() -> ResponseReturnValue:
    newest_first = select(Campaign).order_by(Campaign.updated_at.desc(), Campaign.id.desc())
    page = db.paginate(newest_first, per_page=25, max_per_page=25)
    states = smartpush.audiences.states(campaign.ref for campaign in page.items)
    return render_template("juniper/campaigns.html", page=page, states=states)


@campaigns.route("/new", methods=["GET", "POST"])
def new() -> ResponseReturnValue:
    """A new campaign; Create Campaign in the SHOPLINE Admin leads here too, with a `draft`."""
    require("choose")
    if saved := saved_campaign(request.args.get("campaign_ref", "")):
        return redirect(url_for(".edit", campaign_id=saved.id))
    channel = request.args.get("channel", "")
    if channel not in FORMS:
        return render_template("juniper/campaign_channel.html", channels=CHANNELS)
    return work_on(Campaign(channel=channel, status="draft"), FORMS[channel]())


@campaigns.route("/<int:campaign_id>/edit", methods=["GET", "POST"])
def edit(campaign_id: int) -> ResponseReturnValue:
    require("choose")
    campaign = db.get_or_404(Campaign, campaign_id)
    audience = smartpush.audiences.find(campaign.ref)
    if audience and audience.state in GONE_OUT:
        flash("It went out, so it stays as it is. Copy its text into a new campaign.")
        return redirect(url_for(".show", campaign_id=campaign_id), 303)
    return work_on(campaign, form_of(campaign, audience), audience)


@campaigns.post("/<int:campaign_id>/ready")
def mark_ready(campaign_id: int) -> ResponseReturnValue:
    """What the form's button does, for a draft as it was saved; the form says what is missing."""
    require("choose")
    campaign = db.get_or_404(Campaign, campaign_id)
    form = form_of(
        campaign, smartpush.audiences.find(campaign.ref), formdata=None, meta={"csrf": False}
    )
    form.mark_ready.data = True
    if not form.validate():
        for errors in form.errors.values():
            flash(" ".join(errors))
        return redirect(url_for(".edit", campaign_id=campaign_id), 303)
    campaign.status = "ready"
    db.session.commit()
    flash(f"“{campaign.name}” is {STATUSES[campaign.status]}.")
    return redirect(url_for(".show", campaign_id=campaign_id), 303)


def form_of(campaign: Campaign, audience: AudienceRef | None, **more: Any) -> CampaignForm:
    chosen = {"recipients": audience.choice} if audience else {}
    return FORMS[campaign.channel](obj=campaign, data=chosen, **more)


@campaigns.get("/<int:campaign_id>")
def show(campaign_id: int) -> ResponseReturnValue:
    return page_of(db.get_or_404(Campaign, campaign_id))


def page_of(campaign: Campaign, problem: str = "") -> str:
    """`problem`: with the time that was typed, which stays in its field."""
    audience = smartpush.audiences.find(campaign.ref)
    facts = {"campaign": campaign, "audience": audience, "problem": problem}
    return render_template("juniper/campaign.html", **facts, typed=request.form)


@campaigns.get("/<int:campaign_id>/send")
def confirm(campaign_id: int) -> ResponseReturnValue:
    """Asks once more; with JavaScript it is a dialog on the campaign's page."""
    require("send")
    campaign = db.get_or_404(Campaign, campaign_id)
    audience = smartpush.audiences.find(campaign.ref)
    if audience is None or campaign.status != "ready":
        abort(409)
    return render_template("juniper/campaign_send.html", campaign=campaign, audience=audience)


@campaigns.post("/<int:campaign_id>/send")
def send(campaign_id: int) -> ResponseReturnValue:
    """At once, or at a time of the store's own clock."""
    require("send")
    campaign = db.get_or_404(Campaign, campaign_id)
    if campaign.status != "ready":
        abort(409)
    try:
        at = wanted_time(request.form["at"]) if "at" in request.form else datetime.now(UTC)
    except WrongTime as wrong:
        return page_of(campaign, problem=str(wrong)), 422
    otherwise, seen = request.form.get("otherwise"), request.form.get("revision", type=int)
    try:
        smartpush.audiences.schedule(campaign.ref, at, otherwise=otherwise, revision=seen)
        db.session.commit()
    except (SmartPushError, ValueError) as error:
        db.session.rollback()
        flash(f"It was not {'scheduled' if 'at' in request.form else 'sent'}: {error}")
    return redirect(url_for(".show", campaign_id=campaign_id), 303)


class WrongTime(Exception):
    """What is the matter with a time that somebody typed."""


def wanted_time(text: str) -> datetime:
    """A time of the store's clock."""
    zone = zone_in_front()
    try:
        at = datetime.fromisoformat(text).replace(tzinfo=zone)
        again = at.astimezone(UTC).astimezone(zone)
    except (ValueError, OverflowError):
        raise WrongTime("Give a day and a time, such as 2030-01-31 10:00.") from None
    if again.replace(tzinfo=None) != at.replace(tzinfo=None):
        raise WrongTime(f"The clocks go forward then: {at:%H:%M} does not exist on that day.")
    if at < datetime.now(UTC):
        raise WrongTime(f"That is past: it is {datetime.now(zone):%d %b %Y, %H:%M} now.")
    return at


def zone_in_front() -> ZoneInfo:
    """Of the store in front of the person."""
    shops = {shop.handle: shop for shop in smartpush.shops()}
    shop = shops.get(session.get("shop", "")) or next(iter(shops.values()))
    return ZoneInfo(shop.timezone)


def work_on(
    campaign: Campaign, form: CampaignForm, audience: AudienceRef | None = None
) -> ResponseReturnValue:
    if form.validate_on_submit() and save(campaign, form):
        flash(f"“{campaign.name}” is {STATUSES[campaign.status]}.{take_back(campaign)}")
        return redirect(url_for(".show", campaign_id=campaign.id), 303)
    facts = {"campaign": campaign, "form": form, "audience": audience}
    page = render_template("juniper/campaign_form.html", **facts)
    return page, 422 if form.errors else 200


def save(campaign: Campaign, form: CampaignForm) -> bool:
    """Save the message and its recipients in one transaction, or neither."""
    form.fill(campaign)
    try:
        # [readme:save]
        db.session.add(campaign)
        db.session.flush()
        smartpush.audiences.save(form.recipients.data, campaign_ref=campaign.ref)
        db.session.commit()
        # [/readme:save]
    except SmartPushError as error:
        db.session.rollback()
        form.recipients.errors = [str(error)]
        return False
    return True


def take_back(campaign: Campaign) -> str:
    """A draft is not sent, whatever it was scheduled for before: that, in a sentence."""
    audience = smartpush.audiences.find(campaign.ref)
    if campaign.status != "draft" or not audience or audience.state not in TO_GO_OUT:
        return ""
    zone, at = zone_in_front(), audience.scheduled_at or datetime.now(UTC)
    smartpush.audiences.cancel(campaign.ref)
    db.session.commit()
    return f" Its schedule, {at.astimezone(zone):%-d %b %Y, %H:%M} ({zone}), was cancelled."


def saved_campaign(ref: str) -> Campaign | None:
    number = ref.removeprefix("campaign-")
    return db.session.get(Campaign, int(number)) if number.isdecimal() else None
