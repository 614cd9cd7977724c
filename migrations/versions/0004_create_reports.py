"""create reports"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "build_unit",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.Numeric(precision=9, scale=3), nullable=False),
        sa.Column("found", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_build_unit")),
        sa.UniqueConstraint("key", name=op.f("uq_build_unit_key")),
    )
    op.create_table(
        "dpr_build",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("idempotency_key", sa.Text(), nullable=False),
        sa.Column("frozen_sha256", sa.Text(), nullable=False),
        sa.Column("frozen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("input_hash", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("attempts_allowed", sa.Integer(), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=True),
        sa.Column("started_by", sa.Uuid(), nullable=False),
        sa.Column("started_by_name", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("percent", sa.Numeric(precision=4, scale=1), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("counts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("eta_low", sa.Integer(), nullable=True),
        sa.Column("eta_high", sa.Integer(), nullable=True),
        sa.Column("warnings", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("error_code", sa.Text(), nullable=False),
        sa.Column("error_text", sa.Text(), nullable=False),
        sa.Column("error_unit", sa.Text(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("updated_by", sa.Uuid(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dpr_build")),
    )
    op.create_index(op.f("ix_dpr_build_idempotency_key"), "dpr_build", ["idempotency_key"], unique=False)
    op.create_index(op.f("ix_dpr_build_project_id"), "dpr_build", ["project_id"], unique=False)
    op.create_index("ix_dpr_build_waiting", "dpr_build", ["status", "lease_until"], unique=False)
    op.create_index(
        "uq_dpr_build_active",
        "dpr_build",
        ["project_id"],
        unique=True,
        postgresql_where=sa.text("status IN ('QUEUED', 'RUNNING', 'CANCELLING')"),
    )
    op.create_table(
        "dpr_document",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("template_version", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("updated_by", sa.Uuid(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dpr_document")),
        sa.UniqueConstraint("project_id", name=op.f("uq_dpr_document_project_id")),
    )
    op.create_index(op.f("ix_dpr_document_project_id"), "dpr_document", ["project_id"], unique=False)
    op.create_table(
        "dpr_section",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("text_te", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("updated_by", sa.Uuid(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dpr_section")),
        sa.UniqueConstraint("project_id", "code", name=op.f("uq_dpr_section_project_id_code")),
    )
    op.create_index(op.f("ix_dpr_section_project_id"), "dpr_section", ["project_id"], unique=False)
    op.create_table(
        "build_step",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("build_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.Numeric(precision=9, scale=2), nullable=False),
        sa.Column("finished", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["build_id"], ["dpr_build.id"], name=op.f("fk_build_step_build_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_build_step")),
        sa.UniqueConstraint("build_id", "number", name=op.f("uq_build_step_build_id_number")),
    )
    op.create_table(
        "dpr_version",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("build_id", sa.Uuid(), nullable=False),
        sa.Column("idempotency_key", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("input_hash", sa.Text(), nullable=False),
        sa.Column("frozen_sha256", sa.Text(), nullable=False),
        sa.Column("frozen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("template_version", sa.Text(), nullable=False),
        sa.Column("engine_version", sa.Text(), nullable=False),
        sa.Column("say_amount", sa.Numeric(precision=16, scale=2), nullable=True),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("warnings", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("updated_by", sa.Uuid(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["build_id"], ["dpr_build.id"], name=op.f("fk_dpr_version_build_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dpr_version")),
        sa.UniqueConstraint("build_id", name=op.f("uq_dpr_version_build_id")),
        sa.UniqueConstraint("project_id", "label", name=op.f("uq_dpr_version_project_id_label")),
    )
    op.create_index(op.f("ix_dpr_version_idempotency_key"), "dpr_version", ["idempotency_key"], unique=False)
    op.create_index(op.f("ix_dpr_version_project_id"), "dpr_version", ["project_id"], unique=False)
    op.create_table(
        "section_revision",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("section_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("text_te", sa.Text(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("author_name", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["section_id"], ["dpr_section.id"], name=op.f("fk_section_revision_section_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_section_revision")),
        sa.UniqueConstraint("section_id", "number", name=op.f("uq_section_revision_section_id_number")),
    )
    op.create_table(
        "version_part",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("volume", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("mimetype", sa.Text(), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["version_id"], ["dpr_version.id"], name=op.f("fk_version_part_version_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_version_part")),
        sa.UniqueConstraint("version_id", "path", name=op.f("uq_version_part_version_id_path")),
    )
    op.create_table(
        "version_source",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("module", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("record_version", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["version_id"], ["dpr_version.id"], name=op.f("fk_version_source_version_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_version_source")),
    )
    op.create_index(op.f("ix_version_source_version_id"), "version_source", ["version_id"], unique=False)
    op.execute(
        "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON section_revision "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_version_source_version_id"), table_name="version_source")
    op.drop_table("version_source")
    op.drop_table("version_part")
    op.drop_table("section_revision")
    op.drop_index(op.f("ix_dpr_version_project_id"), table_name="dpr_version")
    op.drop_index(op.f("ix_dpr_version_idempotency_key"), table_name="dpr_version")
    op.drop_table("dpr_version")
    op.drop_table("build_step")
    op.drop_index(op.f("ix_dpr_section_project_id"), table_name="dpr_section")
    op.drop_table("dpr_section")
    op.drop_index(op.f("ix_dpr_document_project_id"), table_name="dpr_document")
    op.drop_table("dpr_document")
    op.drop_index(
        "uq_dpr_build_active",
        table_name="dpr_build",
        postgresql_where=sa.text("status IN ('QUEUED', 'RUNNING', 'CANCELLING')"),
    )
    op.drop_index("ix_dpr_build_waiting", table_name="dpr_build")
    op.drop_index(op.f("ix_dpr_build_project_id"), table_name="dpr_build")
    op.drop_index(op.f("ix_dpr_build_idempotency_key"), table_name="dpr_build")
    op.drop_table("dpr_build")
    op.drop_table("build_unit")
