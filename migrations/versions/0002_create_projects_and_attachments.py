"""create projects and attachments"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "attachment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("dated", sa.Date(), nullable=True),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("mimetype", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("page_sizes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("repaired", sa.Boolean(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("updated_by", sa.Uuid(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachment")),
    )
    op.create_index(op.f("ix_attachment_project_id"), "attachment", ["project_id"], unique=False)
    op.create_index(op.f("ix_attachment_sha256"), "attachment", ["sha256"], unique=False)
    op.create_index(
        "uq_attachment_project_id_sha256_kind",
        "attachment",
        ["project_id", "sha256", "kind", "title"],
        unique=True,
        postgresql_where=sa.text("status = 'attached'"),
    )
    op.create_table(
        "import_batch",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("accepted", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("columns", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("totals", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("result", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("officer_id", sa.Uuid(), nullable=False),
        sa.Column("officer_name", sa.Text(), nullable=False),
        sa.Column("committed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_batch")),
    )
    op.create_index(
        "uq_import_batch_sha256", "import_batch", ["sha256"], unique=True, postgresql_where=sa.text("state <> 'undone'")
    )
    op.create_table(
        "project",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("work", sa.Text(), nullable=False),
        sa.Column("division", sa.Text(), nullable=False),
        sa.Column("circle", sa.Text(), nullable=False),
        sa.Column("district", sa.Text(), nullable=False),
        sa.Column("mandal", sa.Text(), nullable=False),
        sa.Column("village", sa.Text(), nullable=False),
        sa.Column("survey_numbers", sa.Text(), nullable=False),
        sa.Column("work_type", sa.Text(), nullable=False),
        sa.Column("type_as_written", sa.Text(), nullable=False),
        sa.Column("financial_year", sa.Text(), nullable=False),
        sa.Column("as_file", sa.Text(), nullable=False),
        sa.Column("as_authority", sa.Text(), nullable=False),
        sa.Column("as_details", sa.Text(), nullable=False),
        sa.Column("as_amount", sa.Numeric(precision=16, scale=2), nullable=True),
        sa.Column("as_date", sa.Date(), nullable=True),
        sa.Column("as_revisions", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("as_revised", sa.Text(), nullable=False),
        sa.Column("as_revised_amount", sa.Numeric(precision=16, scale=2), nullable=True),
        sa.Column("ts_details", sa.Text(), nullable=False),
        sa.Column("ts_amount", sa.Numeric(precision=16, scale=2), nullable=True),
        sa.Column("estimate_amount", sa.Numeric(precision=16, scale=2), nullable=True),
        sa.Column("tender_notice", sa.Text(), nullable=False),
        sa.Column("ecv", sa.Numeric(precision=16, scale=2), nullable=True),
        sa.Column("contract_value", sa.Numeric(precision=16, scale=2), nullable=True),
        sa.Column("tender_percent", sa.Numeric(precision=7, scale=2), nullable=True),
        sa.Column("agency", sa.Text(), nullable=False),
        sa.Column("loa", sa.Text(), nullable=False),
        sa.Column("agreement_no", sa.Text(), nullable=False),
        sa.Column("agreement_date", sa.Date(), nullable=True),
        sa.Column("grounded_on", sa.Date(), nullable=True),
        sa.Column("grounding_note", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("deviations", sa.Text(), nullable=False),
        sa.Column("extensions", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("percent_done", sa.Numeric(precision=5, scale=2), nullable=True),
        sa.Column("spent_gross", sa.Numeric(precision=16, scale=2), nullable=True),
        sa.Column("spent_net", sa.Numeric(precision=16, scale=2), nullable=True),
        sa.Column("shared_group", sa.Text(), nullable=False),
        sa.Column("shared_fields", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("import_key", sa.Text(), nullable=False),
        sa.Column("imported", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("removed", sa.Boolean(), nullable=False),
        sa.Column("open_flags", sa.Integer(), nullable=False),
        sa.Column("kept_out", sa.Boolean(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=16, scale=2), nullable=True),
        sa.Column("reached", sa.Text(), nullable=False),
        sa.Column("search", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("updated_by", sa.Uuid(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project")),
    )
    op.create_index(
        "ix_project_amount",
        "project",
        [sa.literal_column("amount DESC NULLS LAST"), "id"],
        unique=False,
        postgresql_where=sa.text("NOT removed"),
    )
    op.create_index(op.f("ix_project_project_id"), "project", ["project_id"], unique=False)
    op.create_index(
        "ix_project_search",
        "project",
        ["search"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"search": "gin_trgm_ops"},
    )
    op.create_index(op.f("ix_project_shared_group"), "project", ["shared_group"], unique=False)
    op.create_index("uq_project_code", "project", ["code"], unique=True)
    op.create_index(
        "uq_project_import_key", "project", ["import_key"], unique=True, postgresql_where=sa.text("import_key <> ''")
    )
    op.create_table(
        "consultant_assignment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("officer_id", sa.Uuid(), nullable=False),
        sa.Column("officer_name", sa.Text(), nullable=False),
        sa.Column("from_date", sa.Date(), nullable=False),
        sa.Column("to_date", sa.Date(), nullable=True),
        sa.Column("released", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("updated_by", sa.Uuid(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["officer_id"], ["officer.id"], name=op.f("fk_consultant_assignment_officer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consultant_assignment")),
    )
    op.create_index(op.f("ix_consultant_assignment_officer_id"), "consultant_assignment", ["officer_id"], unique=False)
    op.create_index(op.f("ix_consultant_assignment_project_id"), "consultant_assignment", ["project_id"], unique=False)
    op.create_table(
        "dq_flag",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=True),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("found", sa.Text(), nullable=False),
        sa.Column("suggested", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("settled_by", sa.Uuid(), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("updated_by", sa.Uuid(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["batch_id"], ["import_batch.id"], name=op.f("fk_dq_flag_batch_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dq_flag")),
    )
    op.create_index(op.f("ix_dq_flag_batch_id"), "dq_flag", ["batch_id"], unique=False)
    op.create_index(
        "ix_dq_flag_open",
        "dq_flag",
        ["project_id", "field", "code"],
        unique=False,
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index(op.f("ix_dq_flag_project_id"), "dq_flag", ["project_id"], unique=False)
    op.create_table(
        "import_row",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("source_row", sa.Integer(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("cells", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("parsed", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("flags", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("refused", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=True),
        sa.Column("project_version", sa.Integer(), nullable=True),
        sa.Column("before", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["import_batch.id"], name=op.f("fk_import_row_batch_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_row")),
        sa.UniqueConstraint("batch_id", "source_row", name=op.f("uq_import_row_batch_id_source_row")),
    )
    op.create_index(op.f("ix_import_row_key"), "import_row", ["key"], unique=False)
    op.create_index(op.f("ix_import_row_project_id"), "import_row", ["project_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_import_row_project_id"), table_name="import_row")
    op.drop_index(op.f("ix_import_row_key"), table_name="import_row")
    op.drop_table("import_row")
    op.drop_index(op.f("ix_dq_flag_project_id"), table_name="dq_flag")
    op.drop_index("ix_dq_flag_open", table_name="dq_flag", postgresql_where=sa.text("state = 'open'"))
    op.drop_index(op.f("ix_dq_flag_batch_id"), table_name="dq_flag")
    op.drop_table("dq_flag")
    op.drop_index(op.f("ix_consultant_assignment_project_id"), table_name="consultant_assignment")
    op.drop_index(op.f("ix_consultant_assignment_officer_id"), table_name="consultant_assignment")
    op.drop_table("consultant_assignment")
    op.drop_index("uq_project_import_key", table_name="project", postgresql_where=sa.text("import_key <> ''"))
    op.drop_index("uq_project_code", table_name="project")
    op.drop_index(op.f("ix_project_shared_group"), table_name="project")
    op.drop_index(
        "ix_project_search", table_name="project", postgresql_using="gin", postgresql_ops={"search": "gin_trgm_ops"}
    )
    op.drop_index(op.f("ix_project_project_id"), table_name="project")
    op.drop_index("ix_project_amount", table_name="project", postgresql_where=sa.text("NOT removed"))
    op.drop_table("project")
    op.drop_index("uq_import_batch_sha256", table_name="import_batch", postgresql_where=sa.text("state <> 'undone'"))
    op.drop_table("import_batch")
    op.drop_index(
        "uq_attachment_project_id_sha256_kind", table_name="attachment", postgresql_where=sa.text("status = 'attached'")
    )
    op.drop_index(op.f("ix_attachment_sha256"), table_name="attachment")
    op.drop_index(op.f("ix_attachment_project_id"), table_name="attachment")
    op.drop_table("attachment")
