"""the first tables"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "smartpush_shop",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("app_key", sa.String(length=100), nullable=False),
        sa.Column("handle", sa.String(length=100), nullable=False),
        sa.Column("store_ref", sa.String(length=40), nullable=True),
        sa.Column("merchant_ref", sa.String(length=40), nullable=True),
        sa.Column("domain", sa.String(length=255), nullable=True),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("timezone", sa.String(length=64), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("language", sa.String(length=20), nullable=True),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=True),
        sa.Column("problem", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("token", sa.LargeBinary(), nullable=True),
        sa.Column("token_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_private", sa.Boolean(), nullable=False),
        sa.Column("confirm_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("customers_read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("customers_cursor", sa.DateTime(timezone=True), nullable=True),
        sa.Column("customers_uncounted", sa.Integer(), nullable=False),
        sa.Column("readings_in_vain", sa.Integer(), nullable=False),
        sa.Column("people_changed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changes_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changes_paused_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changes_checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changes_asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("thinned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_nightly_date", sa.Date(), nullable=True),
        sa.Column("installed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("connected_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_webhook_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_smartpush_shop")),
        sa.UniqueConstraint("app_key", "handle", name=op.f("uq_smartpush_shop_app_key_handle")),
    )
    with op.batch_alter_table("smartpush_shop", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_smartpush_shop_store_ref"), ["store_ref"], unique=False
        )

    op.create_table(
        "smartpush_redaction",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("shop_id", sa.Integer(), nullable=True),
        sa.Column("handle", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("erased", sa.JSON(), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_smartpush_redaction")),
    )
    with op.batch_alter_table("smartpush_redaction", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_smartpush_redaction_shop_id"), ["shop_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_smartpush_redaction_state_next_try_at"),
            ["state", "next_try_at"],
            unique=False,
        )

    op.create_table(
        "smartpush_changed_contact",
        sa.Column("shop_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["shop_id"], ["smartpush_shop.id"], name=op.f("fk_smartpush_changed_contact_shop_id")
        ),
        sa.PrimaryKeyConstraint("shop_id", "number", name=op.f("pk_smartpush_changed_contact")),
    )
    op.create_table(
        "smartpush_tombstone",
        sa.Column("shop_id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["shop_id"], ["smartpush_shop.id"], name=op.f("fk_smartpush_tombstone_shop_id")
        ),
        sa.PrimaryKeyConstraint("shop_id", "digest", name=op.f("pk_smartpush_tombstone")),
    )
    op.create_table(
        "smartpush_audience",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("shop_id", sa.Integer(), nullable=False),
        sa.Column("campaign_ref", sa.String(length=255), nullable=True),
        sa.Column("field", sa.String(length=60), nullable=False),
        sa.Column("channel", sa.String(length=10), nullable=False),
        sa.Column("scope", sa.String(length=10), nullable=False),
        sa.Column("combine", sa.String(length=5), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("recipients", sa.LargeBinary(), nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("launch_key", sa.String(length=64), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("scheduled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("held_because", sa.String(length=40), nullable=True),
        sa.Column("held_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decide_by", sa.DateTime(timezone=True), nullable=True),
        sa.Column("held_story", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("otherwise", sa.String(length=10), nullable=True),
        sa.Column("smart_mode", sa.String(length=10), nullable=True),
        sa.Column("smart_hours", sa.Integer(), nullable=True),
        sa.Column("frozen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("frozen", sa.LargeBinary(), nullable=True),
        sa.Column("frozen_digest", sa.String(length=64), nullable=True),
        sa.Column("frozen_facts", sa.JSON(), nullable=True),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["shop_id"], ["smartpush_shop.id"], name=op.f("fk_smartpush_audience_shop_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_smartpush_audience")),
        sa.UniqueConstraint(
            "campaign_ref", "field", name=op.f("uq_smartpush_audience_campaign_ref_field")
        ),
        sa.UniqueConstraint("launch_key", name=op.f("uq_smartpush_audience_launch_key")),
    )
    op.create_table(
        "smartpush_contact",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("shop_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("customer_ref", sa.String(length=40), nullable=True),
        sa.Column("host_ref", sa.String(length=255), nullable=True),
        sa.Column("first_name", sa.String(length=255), nullable=False),
        sa.Column("last_name", sa.String(length=255), nullable=False),
        sa.Column("email", sa.String(length=320), nullable=True),
        sa.Column("email_key", sa.String(length=320), nullable=True),
        sa.Column("phone", sa.String(length=20), nullable=True),
        sa.Column("gender", sa.String(length=10), nullable=True),
        sa.Column("birthday", sa.Date(), nullable=True),
        sa.Column("language", sa.String(length=20), nullable=True),
        sa.Column("country_code", sa.String(length=2), nullable=True),
        sa.Column("city", sa.String(length=255), nullable=True),
        sa.Column("tags", sa.Text(), nullable=False),
        sa.Column("orders_count", sa.Integer(), nullable=True),
        sa.Column("total_spent", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.Integer(), nullable=True),
        sa.Column("email_stated", sa.String(length=20), nullable=True),
        sa.Column("sms_stated", sa.String(length=20), nullable=True),
        sa.Column("email_standing", sa.String(length=20), nullable=True),
        sa.Column("sms_standing", sa.String(length=20), nullable=True),
        sa.Column("remote_created_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("remote_updated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["shop_id"], ["smartpush_shop.id"], name=op.f("fk_smartpush_contact_shop_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_smartpush_contact")),
        sa.UniqueConstraint(
            "shop_id", "customer_ref", name=op.f("uq_smartpush_contact_shop_id_customer_ref")
        ),
        sa.UniqueConstraint(
            "shop_id", "host_ref", name=op.f("uq_smartpush_contact_shop_id_host_ref")
        ),
        sa.UniqueConstraint("shop_id", "number", name=op.f("uq_smartpush_contact_shop_id_number")),
    )
    with op.batch_alter_table("smartpush_contact", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_smartpush_contact_shop_id_email_key"),
            ["shop_id", "email_key"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_smartpush_contact_shop_id_phone"), ["shop_id", "phone"], unique=False
        )

    op.create_table(
        "smartpush_delivery",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("shop_id", sa.Integer(), nullable=False),
        sa.Column("delivery_ref", sa.String(length=100), nullable=False),
        sa.Column("topic", sa.String(length=60), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("subject_ref", sa.String(length=60), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("duplicates", sa.Integer(), nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("worked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(length=40), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["shop_id"], ["smartpush_shop.id"], name=op.f("fk_smartpush_delivery_shop_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_smartpush_delivery")),
        sa.UniqueConstraint(
            "shop_id", "delivery_ref", name=op.f("uq_smartpush_delivery_shop_id_delivery_ref")
        ),
    )
    with op.batch_alter_table("smartpush_delivery", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_smartpush_delivery_state_next_try_at"),
            ["state", "next_try_at"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_smartpush_delivery_shop_id_id"), ["shop_id", "id"], unique=False
        )

    op.create_table(
        "smartpush_reach",
        sa.Column("shop_id", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(length=10), nullable=False),
        sa.Column("verdict", sa.String(length=20), nullable=False),
        sa.Column("chunk", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("members", sa.LargeBinary(), nullable=False),
        sa.Column("firsts", sa.JSON(none_as_null=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["shop_id"], ["smartpush_shop.id"], name=op.f("fk_smartpush_reach_shop_id")
        ),
        sa.PrimaryKeyConstraint(
            "shop_id", "channel", "verdict", "chunk", name=op.f("pk_smartpush_reach")
        ),
    )
    op.create_table(
        "smartpush_segment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("shop_id", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("segment_ref", sa.String(length=255), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("definition", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("current_version_id", sa.Integer(), nullable=True),
        sa.Column("admin_count", sa.Integer(), nullable=True),
        sa.Column("stale_reason", sa.String(length=20), nullable=True),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("stale_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("count_checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rule_changed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reread_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("freshened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("differs_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("remote_updated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["shop_id"], ["smartpush_shop.id"], name=op.f("fk_smartpush_segment_shop_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_smartpush_segment")),
        sa.UniqueConstraint(
            "shop_id",
            "source",
            "segment_ref",
            name=op.f("uq_smartpush_segment_shop_id_source_segment_ref"),
        ),
    )
    op.create_table(
        "smartpush_shop_counter",
        sa.Column("shop_id", sa.Integer(), nullable=False),
        sa.Column("last_number", sa.Integer(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["shop_id"], ["smartpush_shop.id"], name=op.f("fk_smartpush_shop_counter_shop_id")
        ),
        sa.PrimaryKeyConstraint("shop_id", name=op.f("pk_smartpush_shop_counter")),
    )
    op.create_table(
        "smartpush_shop_reserve",
        sa.Column("shop_id", sa.Integer(), nullable=False),
        sa.Column("full_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["shop_id"], ["smartpush_shop.id"], name=op.f("fk_smartpush_shop_reserve_shop_id")
        ),
        sa.PrimaryKeyConstraint("shop_id", name=op.f("pk_smartpush_shop_reserve")),
    )
    op.create_table(
        "smartpush_shop_lease",
        sa.Column("shop_id", sa.Integer(), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=True),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("until", sa.Double(), nullable=False),
        sa.Column("calls_left", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["shop_id"], ["smartpush_shop.id"], name=op.f("fk_smartpush_shop_lease_shop_id")
        ),
        sa.PrimaryKeyConstraint("shop_id", name=op.f("pk_smartpush_shop_lease")),
    )
    op.create_table(
        "smartpush_sync_run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("shop_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("phase", sa.String(length=20), nullable=False),
        sa.Column("page_info", sa.Text(), nullable=True),
        sa.Column("contacts_done", sa.Integer(), nullable=False),
        sa.Column("contacts_total", sa.Integer(), nullable=True),
        sa.Column("segments_total", sa.Integer(), nullable=True),
        sa.Column("last_number", sa.Integer(), nullable=True),
        sa.Column("seen", sa.LargeBinary(), nullable=True),
        sa.Column("missing", sa.LargeBinary(), nullable=True),
        sa.Column("uncounted", sa.Integer(), nullable=True),
        sa.Column("whole", sa.Boolean(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("newest_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changed", sa.LargeBinary(), nullable=True),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("findings", sa.JSON(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["shop_id"], ["smartpush_shop.id"], name=op.f("fk_smartpush_sync_run_shop_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_smartpush_sync_run")),
    )
    with op.batch_alter_table("smartpush_sync_run", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_smartpush_sync_run_shop_id"), ["shop_id"], unique=False
        )

    op.create_table(
        "smartpush_audience_reason",
        sa.Column("audience_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("members", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["audience_id"],
            ["smartpush_audience.id"],
            name=op.f("fk_smartpush_audience_reason_audience_id"),
        ),
        sa.PrimaryKeyConstraint("audience_id", "reason", name=op.f("pk_smartpush_audience_reason")),
    )
    op.create_table(
        "smartpush_consent_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("contact_id", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(length=10), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("evidence", sa.String(length=255), nullable=False),
        sa.Column("explicit", sa.Boolean(), nullable=False),
        sa.Column("dated", sa.Boolean(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["contact_id"],
            ["smartpush_contact.id"],
            name=op.f("fk_smartpush_consent_event_contact_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_smartpush_consent_event")),
    )
    with op.batch_alter_table("smartpush_consent_event", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_smartpush_consent_event_contact_id_channel"),
            ["contact_id", "channel"],
            unique=False,
        )

    op.create_table(
        "smartpush_segment_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("segment_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("members", sa.LargeBinary(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("joined", sa.Integer(), nullable=False),
        sa.Column("left", sa.Integer(), nullable=False),
        sa.Column("cause", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("definition", sa.Text(), nullable=False),
        sa.Column("source_count", sa.Integer(), nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["segment_id"],
            ["smartpush_segment.id"],
            name=op.f("fk_smartpush_segment_version_segment_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_smartpush_segment_version")),
        sa.UniqueConstraint(
            "segment_id", "version", name=op.f("uq_smartpush_segment_version_segment_id_version")
        ),
    )
    op.create_table(
        "smartpush_sync_delta",
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("segment_id", sa.Integer(), nullable=False),
        sa.Column("joined", sa.LargeBinary(), nullable=False),
        sa.Column("left", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"], ["smartpush_sync_run.id"], name=op.f("fk_smartpush_sync_delta_run_id")
        ),
        sa.ForeignKeyConstraint(
            ["segment_id"],
            ["smartpush_segment.id"],
            name=op.f("fk_smartpush_sync_delta_segment_id"),
        ),
        sa.PrimaryKeyConstraint("run_id", "segment_id", name=op.f("pk_smartpush_sync_delta")),
    )
    op.create_table(
        "smartpush_unfinished_reading",
        sa.Column("segment_id", sa.Integer(), nullable=False),
        sa.Column("last_page", sa.Text(), nullable=True),
        sa.Column("seal", sa.String(length=64), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("members", sa.LargeBinary(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("definition", sa.Text(), nullable=False),
        sa.Column("rule_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["segment_id"],
            ["smartpush_segment.id"],
            name=op.f("fk_smartpush_unfinished_reading_segment_id"),
        ),
        sa.PrimaryKeyConstraint("segment_id", name=op.f("pk_smartpush_unfinished_reading")),
    )
    op.create_table(
        "smartpush_audience_pick",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("audience_id", sa.Integer(), nullable=False),
        sa.Column("mode", sa.String(length=10), nullable=False),
        sa.Column("segment_id", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=True),
        sa.Column("policy", sa.String(length=20), nullable=False),
        sa.Column("declined_version_id", sa.Integer(), nullable=True),
        sa.Column("heeded_version_id", sa.Integer(), nullable=True),
        sa.Column("picked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["audience_id"],
            ["smartpush_audience.id"],
            name=op.f("fk_smartpush_audience_pick_audience_id"),
        ),
        sa.ForeignKeyConstraint(
            ["heeded_version_id"],
            ["smartpush_segment_version.id"],
            name=op.f("fk_smartpush_audience_pick_heeded_version_id"),
        ),
        sa.ForeignKeyConstraint(
            ["segment_id"],
            ["smartpush_segment.id"],
            name=op.f("fk_smartpush_audience_pick_segment_id"),
        ),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["smartpush_segment_version.id"],
            name=op.f("fk_smartpush_audience_pick_version_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_smartpush_audience_pick")),
        sa.UniqueConstraint(
            "audience_id",
            "segment_id",
            name=op.f("uq_smartpush_audience_pick_audience_id_segment_id"),
        ),
    )
    op.create_table(
        "smartpush_audience_batch",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("audience_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("members", sa.LargeBinary(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=True),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("handed_out_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["audience_id"],
            ["smartpush_audience.id"],
            name=op.f("fk_smartpush_audience_batch_audience_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_smartpush_audience_batch")),
        sa.UniqueConstraint(
            "audience_id", "number", name=op.f("uq_smartpush_audience_batch_audience_id_number")
        ),
    )
    with op.batch_alter_table("smartpush_audience_batch", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_smartpush_audience_batch_audience_id_state"),
            ["audience_id", "state"],
            unique=False,
        )

    op.create_table(
        "smartpush_audience_left_out",
        sa.Column("audience_id", sa.Integer(), nullable=False),
        sa.Column("batch", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("members", sa.LargeBinary(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["audience_id"],
            ["smartpush_audience.id"],
            name=op.f("fk_smartpush_audience_left_out_audience_id"),
        ),
        sa.PrimaryKeyConstraint(
            "audience_id", "batch", "reason", name=op.f("pk_smartpush_audience_left_out")
        ),
    )
    op.create_table(
        "smartpush_send_hour",
        sa.Column("shop_id", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(length=10), nullable=False),
        sa.Column("hour", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("chunk", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("members", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["shop_id"], ["smartpush_shop.id"], name=op.f("fk_smartpush_send_hour_shop_id")
        ),
        sa.PrimaryKeyConstraint(
            "shop_id", "channel", "hour", "chunk", name=op.f("pk_smartpush_send_hour")
        ),
    )
    op.create_table(
        "smartpush_opt_out_reading",
        sa.Column("shop_id", sa.Integer(), nullable=False),
        sa.Column("read_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("failed_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.JSON(none_as_null=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["shop_id"], ["smartpush_shop.id"], name=op.f("fk_smartpush_opt_out_reading_shop_id")
        ),
        sa.PrimaryKeyConstraint("shop_id", name=op.f("pk_smartpush_opt_out_reading")),
    )
    op.create_table(
        "smartpush_suppression",
        sa.Column("shop_id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("evidence", sa.String(length=255), nullable=False),
        sa.Column("dated", sa.Boolean(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["shop_id"], ["smartpush_shop.id"], name=op.f("fk_smartpush_suppression_shop_id")
        ),
        sa.PrimaryKeyConstraint("shop_id", "digest", name=op.f("pk_smartpush_suppression")),
    )
    op.create_table(
        "smartpush_suppression_file",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("shop_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("channels", sa.String(length=10), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("problems", sa.Integer(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("error", sa.String(length=40), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("owner", sa.String(length=32), nullable=True),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["shop_id"], ["smartpush_shop.id"], name=op.f("fk_smartpush_suppression_file_shop_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_smartpush_suppression_file")),
    )
    with op.batch_alter_table("smartpush_suppression_file", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_smartpush_suppression_file_shop_id"), ["shop_id"], unique=False
        )

    op.create_table(
        "smartpush_suppression_file_part",
        sa.Column("file_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["file_id"],
            ["smartpush_suppression_file.id"],
            name=op.f("fk_smartpush_suppression_file_part_file_id"),
        ),
        sa.PrimaryKeyConstraint(
            "file_id", "number", name=op.f("pk_smartpush_suppression_file_part")
        ),
    )
    op.create_table(
        "smartpush_suppression_problem",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("file_id", sa.Integer(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["file_id"],
            ["smartpush_suppression_file.id"],
            name=op.f("fk_smartpush_suppression_problem_file_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_smartpush_suppression_problem")),
    )
    with op.batch_alter_table("smartpush_suppression_problem", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_smartpush_suppression_problem_file_id_line"),
            ["file_id", "line"],
            unique=False,
        )

    op.create_table(
        "smartpush_write_back",
        sa.Column("contact_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("channel", sa.String(length=10), nullable=False),
        sa.Column("shop_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("error", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["contact_id"],
            ["smartpush_contact.id"],
            name=op.f("fk_smartpush_write_back_contact_id"),
        ),
        sa.ForeignKeyConstraint(
            ["shop_id"], ["smartpush_shop.id"], name=op.f("fk_smartpush_write_back_shop_id")
        ),
        sa.PrimaryKeyConstraint("contact_id", "channel", name=op.f("pk_smartpush_write_back")),
    )
    with op.batch_alter_table("smartpush_write_back", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_smartpush_write_back_shop_id_state_next_try_at"),
            ["shop_id", "state", "next_try_at"],
            unique=False,
        )


def downgrade() -> None:
    with op.batch_alter_table("smartpush_write_back", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_smartpush_write_back_shop_id_state_next_try_at"))

    op.drop_table("smartpush_write_back")
    with op.batch_alter_table("smartpush_suppression_problem", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_smartpush_suppression_problem_file_id_line"))

    op.drop_table("smartpush_suppression_problem")
    op.drop_table("smartpush_suppression_file_part")
    with op.batch_alter_table("smartpush_suppression_file", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_smartpush_suppression_file_shop_id"))

    op.drop_table("smartpush_suppression_file")
    op.drop_table("smartpush_suppression")
    op.drop_table("smartpush_opt_out_reading")
    op.drop_table("smartpush_send_hour")
    op.drop_table("smartpush_audience_left_out")
    with op.batch_alter_table("smartpush_audience_batch", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_smartpush_audience_batch_audience_id_state"))

    op.drop_table("smartpush_audience_batch")
    op.drop_table("smartpush_sync_delta")
    op.drop_table("smartpush_unfinished_reading")
    op.drop_table("smartpush_audience_pick")
    op.drop_table("smartpush_segment_version")
    with op.batch_alter_table("smartpush_consent_event", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_smartpush_consent_event_contact_id_channel"))

    op.drop_table("smartpush_consent_event")
    op.drop_table("smartpush_audience_reason")
    with op.batch_alter_table("smartpush_sync_run", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_smartpush_sync_run_shop_id"))

    op.drop_table("smartpush_sync_run")
    op.drop_table("smartpush_shop_lease")
    op.drop_table("smartpush_shop_reserve")
    op.drop_table("smartpush_shop_counter")
    op.drop_table("smartpush_segment")
    op.drop_table("smartpush_reach")
    with op.batch_alter_table("smartpush_delivery", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_smartpush_delivery_shop_id_id"))
        batch_op.drop_index(batch_op.f("ix_smartpush_delivery_state_next_try_at"))

    op.drop_table("smartpush_delivery")
    with op.batch_alter_table("smartpush_contact", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_smartpush_contact_shop_id_phone"))
        batch_op.drop_index(batch_op.f("ix_smartpush_contact_shop_id_email_key"))

    op.drop_table("smartpush_contact")
    op.drop_table("smartpush_audience")
    op.drop_table("smartpush_tombstone")
    op.drop_table("smartpush_changed_contact")
    with op.batch_alter_table("smartpush_redaction", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_smartpush_redaction_state_next_try_at"))
        batch_op.drop_index(batch_op.f("ix_smartpush_redaction_shop_id"))

    op.drop_table("smartpush_redaction")
    with op.batch_alter_table("smartpush_shop", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_smartpush_shop_store_ref"))

    op.drop_table("smartpush_shop")
