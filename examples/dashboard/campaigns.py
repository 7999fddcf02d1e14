"""Campaigns: the list, the form, the page of one."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from examples.dashboard.auth import require
from examples.dashboard.forms import FORMS, CampaignForm
from examples.dashboard.models import CHANNELS, Campaign, db
from examples.dashboard.plugin import smartpush
from smartpush_shopline import SmartPushError

STATUSES = {"draft": "saved as a draft", "ready": "ready"}

campaigns = Blueprint("campaigns", __name__, url_prefix="/campaigns")


@campaigns.get("/")
def index() -> ResponseReturnValue:
    newest_first = select(Campaign).order_by(Campaign.updated_at.desc(), Campaign.id.desc())
    page = db.paginate(newest_first, per_page=25, max_per_page=25)
    return render_template("juniper/campaigns.html", page=page)


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
    chosen = {"recipients": audience.choice} if audience else {}
    return work_on(campaign, FORMS[campaign.channel](obj=campaign, data=chosen))


@campaigns.get("/<int:campaign_id>")
def show(campaign_id: int) -> ResponseReturnValue:
    campaign = db.get_or_404(Campaign, campaign_id)
    audience = smartpush.audiences.find(campaign.ref)
    return render_template("juniper/campaign.html", campaign=campaign, audience=audience)


def work_on(campaign: Campaign, form: CampaignForm) -> ResponseReturnValue:
    if form.validate_on_submit() and save(campaign, form):
        flash(f"“{campaign.name}” is {STATUSES[campaign.status]}.")
        return redirect(url_for(".show", campaign_id=campaign.id), 303)
    page = render_template("juniper/campaign_form.html", campaign=campaign, form=form)
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


def saved_campaign(ref: str) -> Campaign | None:
    number = ref.removeprefix("campaign-")
    return db.session.get(Campaign, int(number)) if number.isdecimal() else None
