"""The two campaign forms. They differ in what is written, and in the channel of the recipients."""

from __future__ import annotations

from typing import Any

from flask_wtf import FlaskForm
from wtforms import StringField, SubmitField, TextAreaField, ValidationError
from wtforms.validators import DataRequired, Length

from examples.dashboard.models import Campaign
from smartpush_shopline import RecipientsField

NOBODY = (
    "Nobody would get this yet. Choose at least one segment, or All subscribed contacts, "
    "before you mark it ready."
)


class CampaignForm(FlaskForm):
    name = StringField(
        "Campaign name",
        description="Only your team sees this.",
        validators=[DataRequired("Give the campaign a name."), Length(max=120)],
    )
    save_draft = SubmitField("Save draft")
    mark_ready = SubmitField("Mark ready")

    def validate_recipients(self, field: Any) -> None:
        if self.mark_ready.data and not field.data:
            raise ValidationError(NOBODY)

    def fill(self, campaign: Campaign) -> None:
        """Hand what was typed to the campaign; the choice of recipients is saved by the plugin."""
        for name in ("name", "subject", "text"):
            if name in self:
                setattr(campaign, name, (self[name].data or "").strip())
        campaign.status = "ready" if self.mark_ready.data else "draft"


class EmailCampaignForm(CampaignForm):
    subject = StringField("Subject line", validators=[Length(max=200)])
    text = TextAreaField("Message", render_kw={"rows": 6})
    # [readme:field]
    recipients = RecipientsField(channel="email")
    # [/readme:field]

    def validate_subject(self, field: StringField) -> None:
        if self.mark_ready.data and not (field.data or "").strip():
            raise ValidationError("A ready email needs a subject line.")


class SmsCampaignForm(CampaignForm):
    text = TextAreaField(
        "Text", validators=[Length(max=670)], render_kw={"rows": 4, "data-sms-counter": ""}
    )
    recipients = RecipientsField(channel="sms")

    def validate_text(self, field: TextAreaField) -> None:
        if self.mark_ready.data and not (field.data or "").strip():
            raise ValidationError("A ready SMS needs a text.")


FORMS: dict[str, type[CampaignForm]] = {"email": EmailCampaignForm, "sms": SmsCampaignForm}
