"""secure accounts: sessions, factors, keys, delegation, the chained audit trail, the watch"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "audit_day",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("tip", sa.Text(), nullable=False),
        sa.Column("closed", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_day")),
        sa.UniqueConstraint("day", name=op.f("uq_audit_day_day")),
    )
    op.create_table(
        "audit_seal",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("root", sa.Text(), nullable=False),
        sa.Column("kid", sa.Text(), nullable=False),
        sa.Column("signature", sa.Text(), nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_seal")),
        sa.UniqueConstraint("day", name=op.f("uq_audit_seal_day")),
    )
    op.create_table(
        "incident",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("officer_id", sa.Uuid(), nullable=True),
        sa.Column("called", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("suggests", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("owner_name", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by_name", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident")),
        sa.UniqueConstraint("number", name=op.f("uq_incident_number")),
    )
    op.create_index(op.f("ix_incident_officer_id"), "incident", ["officer_id"], unique=False)
    op.create_index("ix_incident_opened_at_id", "incident", ["opened_at", "id"], unique=False)
    op.create_index(
        "uq_incident_open", "incident", ["about"], unique=True, postgresql_where=sa.text("state <> 'closed'")
    )
    op.create_table(
        "officer_batch",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("officer_id", sa.Uuid(), nullable=False),
        sa.Column("officer_name", sa.Text(), nullable=False),
        sa.Column("heads", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("texts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("result", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("made", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("loaded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("links_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_officer_batch")),
    )
    op.create_table(
        "signing_key",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kid", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("public_pem", sa.Text(), nullable=False),
        sa.Column("private_sealed", sa.Text(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signing_key")),
        sa.UniqueConstraint("kid", name=op.f("uq_signing_key_kid")),
    )
    op.create_table(
        "watch_count",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("officer_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("hour", sa.SmallInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_watch_count")),
        sa.UniqueConstraint("officer_id", "day", "hour", "kind", name=op.f("uq_watch_count_officer_id_day_hour_kind")),
    )
    op.create_table(
        "watch_figure",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("starts", sa.Date(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("set_by", sa.Uuid(), nullable=False),
        sa.Column("set_by_name", sa.Text(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_watch_figure")),
    )
    op.create_index(op.f("ix_watch_figure_name"), "watch_figure", ["name"], unique=False)
    op.create_table(
        "watch_mark",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_watch_mark")),
    )
    op.create_table(
        "api_key",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("officer_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("prefix", sa.Text(), nullable=False),
        sa.Column("secret_hash", sa.Text(), nullable=False),
        sa.Column("scopes", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_used_from", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["officer_id"], ["officer.id"], name=op.f("fk_api_key_officer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_key")),
        sa.UniqueConstraint("prefix", name=op.f("uq_api_key_prefix")),
    )
    op.create_index(op.f("ix_api_key_officer_id"), "api_key", ["officer_id"], unique=False)
    op.create_table(
        "delegation_instrument",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("instrument_no", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("charge", sa.Text(), nullable=False),
        sa.Column("to_officer_id", sa.Uuid(), nullable=False),
        sa.Column("to_officer_name", sa.Text(), nullable=False),
        sa.Column("from_officer_id", sa.Uuid(), nullable=True),
        sa.Column("from_officer_name", sa.Text(), nullable=False),
        sa.Column("floor_rs", sa.Numeric(precision=16, scale=2), nullable=False),
        sa.Column("ceiling_rs", sa.Numeric(precision=16, scale=2), nullable=False),
        sa.Column("project_classes", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("circles", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("review_on", sa.Date(), nullable=True),
        sa.Column("condition", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("outside_approval_ref", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("prepared_by", sa.Uuid(), nullable=False),
        sa.Column("prepared_by_name", sa.Text(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("declared_on", sa.Date(), nullable=True),
        sa.Column("declared_why", sa.Text(), nullable=False),
        sa.Column("reviewed_on", sa.Date(), nullable=True),
        sa.Column("began_on", sa.Date(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_why", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["to_officer_id"], ["officer.id"], name=op.f("fk_delegation_instrument_to_officer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delegation_instrument")),
    )
    op.create_index(op.f("ix_delegation_instrument_state"), "delegation_instrument", ["state"], unique=False)
    op.create_index(
        op.f("ix_delegation_instrument_to_officer_id"), "delegation_instrument", ["to_officer_id"], unique=False
    )
    op.create_index(
        "uq_delegation_instrument_no",
        "delegation_instrument",
        ["instrument_no"],
        unique=True,
        postgresql_where=sa.text("instrument_no <> ''"),
    )
    op.create_table(
        "factor",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("officer_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("credential_id", sa.LargeBinary(), nullable=True),
        sa.Column("public_key", sa.LargeBinary(), nullable=True),
        sa.Column("counter", sa.BigInteger(), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["officer_id"], ["officer.id"], name=op.f("fk_factor_officer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_factor")),
        sa.UniqueConstraint("credential_id", name=op.f("uq_factor_credential_id")),
    )
    op.create_index(op.f("ix_factor_officer_id"), "factor", ["officer_id"], unique=False)
    op.create_table(
        "identity",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("officer_id", sa.Uuid(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["officer_id"], ["officer.id"], name=op.f("fk_identity_officer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity")),
        sa.UniqueConstraint("issuer", "subject", name=op.f("uq_identity_issuer_subject")),
    )
    op.create_index(op.f("ix_identity_officer_id"), "identity", ["officer_id"], unique=False)
    op.create_table(
        "incident_note",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("incident_id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=False),
        sa.Column("by_name", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name=op.f("fk_incident_note_incident_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident_note")),
    )
    op.create_index(op.f("ix_incident_note_incident_id"), "incident_note", ["incident_id"], unique=False)
    op.create_table(
        "invitation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("officer_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("secret_hash", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["officer_id"], ["officer.id"], name=op.f("fk_invitation_officer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitation")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_invitation_secret_hash")),
    )
    op.create_index(op.f("ix_invitation_officer_id"), "invitation", ["officer_id"], unique=False)
    op.create_table(
        "officer_session",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("officer_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_why", sa.Text(), nullable=False),
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("provider_session", sa.Text(), nullable=False),
        sa.Column("id_token", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["officer_id"], ["officer.id"], name=op.f("fk_officer_session_officer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_officer_session")),
    )
    op.create_index(op.f("ix_officer_session_officer_id"), "officer_session", ["officer_id"], unique=False)
    op.create_index(
        "ix_officer_session_open",
        "officer_session",
        ["officer_id", "expires_at"],
        unique=False,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(op.f("ix_officer_session_provider_session"), "officer_session", ["provider_session"], unique=False)
    op.create_index("ix_officer_session_started_at_id", "officer_session", ["started_at", "id"], unique=False)
    op.create_table(
        "recovery_code",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("officer_id", sa.Uuid(), nullable=False),
        sa.Column("code_hash", sa.Text(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["officer_id"], ["officer.id"], name=op.f("fk_recovery_code_officer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_code")),
    )
    op.create_index(op.f("ix_recovery_code_officer_id"), "recovery_code", ["officer_id"], unique=False)
    op.create_table(
        "security_alert",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("incident_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("called", sa.Text(), nullable=False),
        sa.Column("facts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("records", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name=op.f("fk_security_alert_incident_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_security_alert")),
        sa.UniqueConstraint("key", name=op.f("uq_security_alert_key")),
    )
    op.create_index("ix_security_alert_about_rule_at", "security_alert", ["about", "rule", "at"], unique=False)
    op.create_index("ix_security_alert_at_id", "security_alert", ["at", "id"], unique=False)
    op.create_index(op.f("ix_security_alert_incident_id"), "security_alert", ["incident_id"], unique=False)
    op.create_table(
        "dpr_copy",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("officer_id", sa.Uuid(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["version_id"], ["dpr_version.id"], name=op.f("fk_dpr_copy_version_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dpr_copy")),
    )
    op.create_index(op.f("ix_dpr_copy_made_at"), "dpr_copy", ["made_at"], unique=False)
    op.create_index(op.f("ix_dpr_copy_version_id"), "dpr_copy", ["version_id"], unique=False)
    op.create_table(
        "refresh_token",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("secret_hash", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("used_from", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["session_id"], ["officer_session.id"], name=op.f("fk_refresh_token_session_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refresh_token")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_refresh_token_secret_hash")),
    )
    op.create_index(op.f("ix_refresh_token_session_id"), "refresh_token", ["session_id"], unique=False)
    op.add_column("audit_record", sa.Column("instrument", sa.Text(), server_default="", nullable=False))
    op.add_column("audit_record", sa.Column("session", sa.Text(), server_default="", nullable=False))
    op.add_column("audit_record", sa.Column("outcome", sa.Text(), server_default="done", nullable=False))
    op.add_column("audit_record", sa.Column("why", sa.Text(), server_default="", nullable=False))
    op.add_column(
        "audit_record",
        sa.Column("touched", postgresql.JSONB(astext_type=sa.Text()), server_default="[]", nullable=False),
    )
    op.add_column(
        "audit_record",
        sa.Column("changes", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
    )
    op.add_column("audit_record", sa.Column("device", sa.Text(), server_default="", nullable=False))
    op.add_column("audit_record", sa.Column("day", sa.Date(), nullable=True))
    op.add_column("audit_record", sa.Column("number", sa.Integer(), nullable=True))
    op.add_column("audit_record", sa.Column("previous", sa.Text(), server_default="", nullable=False))
    op.add_column("audit_record", sa.Column("digest", sa.Text(), server_default="", nullable=False))
    op.drop_index(op.f("ix_audit_record_actor_id"), table_name="audit_record")
    op.create_index("ix_audit_record_act_position", "audit_record", ["act", "position"], unique=False)
    op.create_index("ix_audit_record_actor_id_position", "audit_record", ["actor_id", "position"], unique=False)
    op.create_index("ix_audit_record_address_position", "audit_record", ["address", "position"], unique=False)
    op.create_index(
        "ix_audit_record_lent",
        "audit_record",
        ["instrument", "position"],
        unique=False,
        postgresql_where=sa.text("instrument <> ''"),
    )
    op.create_index("ix_audit_record_role_position", "audit_record", ["role", "position"], unique=False)
    op.create_index(
        "ix_audit_record_sign_in",
        "audit_record",
        ["actor_id", "position"],
        unique=False,
        postgresql_where=sa.text("act = 'accounts.sign_in'"),
    )
    op.create_index("ix_audit_record_touched", "audit_record", ["touched"], unique=False, postgresql_using="gin")
    op.create_index(
        "ix_audit_record_unusual",
        "audit_record",
        ["outcome", "position"],
        unique=False,
        postgresql_where=sa.text("outcome <> 'done'"),
    )
    op.create_index(
        "ix_audit_record_unusual_of",
        "audit_record",
        ["actor_id", "at"],
        unique=False,
        postgresql_where=sa.text("outcome <> 'done'"),
    )
    op.create_index(
        "ix_audit_record_words",
        "audit_record",
        [
            sa.literal_column(
                "(to_tsvector('simple'::regconfig, translate((((((actor_name || ' '::text) || act) || ' '::text) || why) || ' '::text) || address, '._'::text, '  '::text)) || to_tsvector('simple'::regconfig, changes))"
            )
        ],
        unique=False,
        postgresql_using="gin",
    )
    op.create_unique_constraint(op.f("uq_audit_record_day_number"), "audit_record", ["day", "number"])
    op.add_column("officer", sa.Column("email", sa.Text(), server_default="", nullable=False))
    op.add_column("officer", sa.Column("phone", sa.Text(), server_default="", nullable=False))
    op.add_column("officer", sa.Column("circles", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False))
    op.add_column("officer", sa.Column("divisions", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False))
    op.add_column("officer", sa.Column("password_changed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("officer", sa.Column("disabled_why", sa.Text(), server_default="", nullable=False))
    op.add_column("officer", sa.Column("locked_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("officer", sa.Column("locked_why", sa.Text(), server_default="", nullable=False))
    op.add_column("officer", sa.Column("version", sa.Integer(), server_default="1", nullable=False))
    op.create_index(
        "uq_officer_email",
        "officer",
        [sa.literal_column("lower(email)")],
        unique=True,
        postgresql_where=sa.text("email <> ''"),
    )
    for table in ("event", "audit_record", "section_revision", "audit_seal"):
        op.execute(
            f"CREATE OR REPLACE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def downgrade() -> None:
    op.drop_index("uq_officer_email", table_name="officer", postgresql_where=sa.text("email <> ''"))
    op.drop_column("officer", "version")
    op.drop_column("officer", "locked_why")
    op.drop_column("officer", "locked_at")
    op.drop_column("officer", "disabled_why")
    op.drop_column("officer", "password_changed_at")
    op.drop_column("officer", "divisions")
    op.drop_column("officer", "circles")
    op.drop_column("officer", "phone")
    op.drop_column("officer", "email")
    op.drop_constraint(op.f("uq_audit_record_day_number"), "audit_record", type_="unique")
    op.drop_index("ix_audit_record_words", table_name="audit_record", postgresql_using="gin")
    op.drop_index(
        "ix_audit_record_unusual_of", table_name="audit_record", postgresql_where=sa.text("outcome <> 'done'")
    )
    op.drop_index("ix_audit_record_unusual", table_name="audit_record", postgresql_where=sa.text("outcome <> 'done'"))
    op.drop_index("ix_audit_record_touched", table_name="audit_record", postgresql_using="gin")
    op.drop_index(
        "ix_audit_record_sign_in", table_name="audit_record", postgresql_where=sa.text("act = 'accounts.sign_in'")
    )
    op.drop_index("ix_audit_record_role_position", table_name="audit_record")
    op.drop_index("ix_audit_record_lent", table_name="audit_record", postgresql_where=sa.text("instrument <> ''"))
    op.drop_index("ix_audit_record_address_position", table_name="audit_record")
    op.drop_index("ix_audit_record_actor_id_position", table_name="audit_record")
    op.drop_index("ix_audit_record_act_position", table_name="audit_record")
    op.create_index(op.f("ix_audit_record_actor_id"), "audit_record", ["actor_id"], unique=False)
    op.drop_column("audit_record", "digest")
    op.drop_column("audit_record", "previous")
    op.drop_column("audit_record", "number")
    op.drop_column("audit_record", "day")
    op.drop_column("audit_record", "device")
    op.drop_column("audit_record", "changes")
    op.drop_column("audit_record", "touched")
    op.drop_column("audit_record", "why")
    op.drop_column("audit_record", "outcome")
    op.drop_column("audit_record", "session")
    op.drop_column("audit_record", "instrument")
    op.drop_index(op.f("ix_refresh_token_session_id"), table_name="refresh_token")
    op.drop_table("refresh_token")
    op.drop_index(op.f("ix_dpr_copy_version_id"), table_name="dpr_copy")
    op.drop_index(op.f("ix_dpr_copy_made_at"), table_name="dpr_copy")
    op.drop_table("dpr_copy")
    op.drop_index(op.f("ix_security_alert_incident_id"), table_name="security_alert")
    op.drop_index("ix_security_alert_at_id", table_name="security_alert")
    op.drop_index("ix_security_alert_about_rule_at", table_name="security_alert")
    op.drop_table("security_alert")
    op.drop_index(op.f("ix_recovery_code_officer_id"), table_name="recovery_code")
    op.drop_table("recovery_code")
    op.drop_index("ix_officer_session_started_at_id", table_name="officer_session")
    op.drop_index(op.f("ix_officer_session_provider_session"), table_name="officer_session")
    op.drop_index("ix_officer_session_open", table_name="officer_session", postgresql_where=sa.text("ended_at IS NULL"))
    op.drop_index(op.f("ix_officer_session_officer_id"), table_name="officer_session")
    op.drop_table("officer_session")
    op.drop_index(op.f("ix_invitation_officer_id"), table_name="invitation")
    op.drop_table("invitation")
    op.drop_index(op.f("ix_incident_note_incident_id"), table_name="incident_note")
    op.drop_table("incident_note")
    op.drop_index(op.f("ix_identity_officer_id"), table_name="identity")
    op.drop_table("identity")
    op.drop_index(op.f("ix_factor_officer_id"), table_name="factor")
    op.drop_table("factor")
    op.drop_index(
        "uq_delegation_instrument_no",
        table_name="delegation_instrument",
        postgresql_where=sa.text("instrument_no <> ''"),
    )
    op.drop_index(op.f("ix_delegation_instrument_to_officer_id"), table_name="delegation_instrument")
    op.drop_index(op.f("ix_delegation_instrument_state"), table_name="delegation_instrument")
    op.drop_table("delegation_instrument")
    op.drop_index(op.f("ix_api_key_officer_id"), table_name="api_key")
    op.drop_table("api_key")
    op.drop_table("watch_mark")
    op.drop_index(op.f("ix_watch_figure_name"), table_name="watch_figure")
    op.drop_table("watch_figure")
    op.drop_table("watch_count")
    op.drop_table("signing_key")
    op.drop_table("officer_batch")
    op.drop_index("uq_incident_open", table_name="incident", postgresql_where=sa.text("state <> 'closed'"))
    op.drop_index("ix_incident_opened_at_id", table_name="incident")
    op.drop_index(op.f("ix_incident_officer_id"), table_name="incident")
    op.drop_table("incident")
    op.drop_table("audit_seal")
    op.drop_table("audit_day")
