"""create estimates"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "recap_head",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("pct", sa.Numeric(precision=7, scale=4), nullable=False),
        sa.Column("base", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("slabs", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("account_head", sa.Text(), nullable=False),
        sa.Column("payable_to_contractor", sa.Boolean(), nullable=False),
        sa.Column("in_tender_value", sa.Boolean(), nullable=False),
        sa.Column("allowed_min_pct", sa.Numeric(precision=7, scale=4), nullable=True),
        sa.Column("allowed_max_pct", sa.Numeric(precision=7, scale=4), nullable=True),
        sa.Column("editable_by", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("effective_to", sa.Date(), nullable=True),
        sa.Column("order_ref", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recap_head")),
        sa.UniqueConstraint("code", "effective_from", name=op.f("uq_recap_head_code_effective_from")),
    )
    op.create_table(
        "estimate",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("estimate_no", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("preparation_method", sa.Text(), nullable=False),
        sa.Column("base_rate_year", sa.Text(), nullable=False),
        sa.Column("approved_budget", sa.Numeric(precision=18, scale=2), nullable=True),
        sa.Column("duration_months", sa.Integer(), nullable=True),
        sa.Column("current_version_id", sa.Uuid(), nullable=True),
        sa.Column("approved_version_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("updated_by", sa.Uuid(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_estimate_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_estimate")),
        sa.UniqueConstraint("estimate_no", name=op.f("uq_estimate_estimate_no")),
    )
    op.create_index(op.f("ix_estimate_project_id"), "estimate", ["project_id"], unique=False)
    op.create_index(
        "uq_estimate_detailed", "estimate", ["project_id"], unique=True, postgresql_where=sa.text("kind = 'detailed'")
    )
    op.create_table(
        "boq_import",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("estimate_id", sa.Uuid(), nullable=True),
        sa.Column("version_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("file_sha256", sa.Text(), nullable=False),
        sa.Column("file_bytes", sa.Integer(), nullable=False),
        sa.Column("issues_sha256", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failure", sa.Text(), nullable=False),
        sa.Column("sheet", sa.Text(), nullable=False),
        sa.Column("header_row", sa.Integer(), nullable=True),
        sa.Column("mapping", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("sheets", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("sample", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("bill", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("rows_total", sa.Integer(), nullable=False),
        sa.Column("rows_ok", sa.Integer(), nullable=False),
        sa.Column("rows_error", sa.Integer(), nullable=False),
        sa.Column("rows_warning", sa.Integer(), nullable=False),
        sa.Column("rows_hidden", sa.Integer(), nullable=False),
        sa.Column("sections_count", sa.Integer(), nullable=False),
        sa.Column("items_count", sa.Integer(), nullable=False),
        sa.Column("works_total", sa.Numeric(precision=18, scale=2), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("updated_by", sa.Uuid(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["estimate_id"], ["estimate.id"], name=op.f("fk_boq_import_estimate_id")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_boq_import_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_boq_import")),
    )
    op.create_index(op.f("ix_boq_import_estimate_id"), "boq_import", ["estimate_id"], unique=False)
    op.create_index(op.f("ix_boq_import_file_sha256"), "boq_import", ["file_sha256"], unique=False)
    op.create_index(op.f("ix_boq_import_project_id"), "boq_import", ["project_id"], unique=False)
    op.create_index(op.f("ix_boq_import_status"), "boq_import", ["status"], unique=False)
    op.create_table(
        "estimate_version",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("estimate_id", sa.Uuid(), nullable=False),
        sa.Column("major", sa.Integer(), nullable=False),
        sa.Column("minor", sa.Integer(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("works_total", sa.Numeric(precision=18, scale=2), nullable=False),
        sa.Column("taxable_total", sa.Numeric(precision=18, scale=2), nullable=False),
        sa.Column("grand_total", sa.Numeric(precision=18, scale=2), nullable=False),
        sa.Column("say_amount", sa.Numeric(precision=18, scale=2), nullable=False),
        sa.Column("ts_amount_lakh", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("items_count", sa.Integer(), nullable=False),
        sa.Column("base_version_id", sa.Uuid(), nullable=True),
        sa.Column("change_note", sa.Text(), nullable=False),
        sa.Column("locked", sa.Boolean(), nullable=False),
        sa.Column("edited_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("updated_by", sa.Uuid(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["estimate_id"], ["estimate.id"], name=op.f("fk_estimate_version_estimate_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_estimate_version")),
        sa.UniqueConstraint("estimate_id", "major", "minor", name=op.f("uq_estimate_version_estimate_id_major_minor")),
    )
    op.create_index(op.f("ix_estimate_version_estimate_id"), "estimate_version", ["estimate_id"], unique=False)
    op.create_index(op.f("ix_estimate_version_project_id"), "estimate_version", ["project_id"], unique=False)
    op.create_table(
        "boq_import_issue",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("row_no", sa.Integer(), nullable=False),
        sa.Column("column", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("details", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["boq_import.id"], name=op.f("fk_boq_import_issue_batch_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_boq_import_issue")),
    )
    op.create_index("ix_boq_import_issue_batch_id_position", "boq_import_issue", ["batch_id", "position"], unique=True)
    op.create_table(
        "boq_section",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("preamble", sa.Text(), nullable=False),
        sa.Column("sort_key", sa.Integer(), nullable=False),
        sa.Column("depth", sa.Integer(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("total", sa.Numeric(precision=18, scale=2), nullable=False),
        sa.Column("items_count", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("updated_by", sa.Uuid(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("depth BETWEEN 1 AND 4", name=op.f("ck_boq_section_depth")),
        sa.ForeignKeyConstraint(["parent_id"], ["boq_section.id"], name=op.f("fk_boq_section_parent_id")),
        sa.ForeignKeyConstraint(["version_id"], ["estimate_version.id"], name=op.f("fk_boq_section_version_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_boq_section")),
        sa.UniqueConstraint("version_id", "code", name=op.f("uq_boq_section_version_id_code")),
    )
    op.create_index(op.f("ix_boq_section_project_id"), "boq_section", ["project_id"], unique=False)
    op.create_table(
        "recap_line",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("head_code", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("pct_used", sa.Numeric(precision=7, scale=4), nullable=True),
        sa.Column("chosen_pct", sa.Numeric(precision=7, scale=4), nullable=True),
        sa.Column("chosen_amount", sa.Numeric(precision=18, scale=2), nullable=True),
        sa.Column("base_amount", sa.Numeric(precision=18, scale=2), nullable=True),
        sa.Column("amount", sa.Numeric(precision=18, scale=2), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("order_ref", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("updated_by", sa.Uuid(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["version_id"], ["estimate_version.id"], name=op.f("fk_recap_line_version_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recap_line")),
        sa.UniqueConstraint("version_id", "head_code", name=op.f("uq_recap_line_version_id_head_code")),
    )
    op.create_index(op.f("ix_recap_line_project_id"), "recap_line", ["project_id"], unique=False)
    op.create_table(
        "boq_item",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("section_id", sa.Uuid(), nullable=False),
        sa.Column("line_key", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("item_no", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("unit_code", sa.Text(), nullable=False),
        sa.Column("source_kind", sa.Text(), nullable=True),
        sa.Column("book_item_code", sa.Text(), nullable=False),
        sa.Column("output_qty", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.Column("base_rate", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("adjustments", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("rate", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("quantity", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.Column("amount", sa.Numeric(precision=18, scale=2), nullable=False),
        sa.Column("drawing_refs", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("spec_refs", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("is_provisional", sa.Boolean(), nullable=False),
        sa.Column("in_tender", sa.Boolean(), nullable=False),
        sa.Column("change_reason", sa.Text(), nullable=True),
        sa.Column("source_row", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("updated_by", sa.Uuid(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("quantity >= 0 AND rate >= 0 AND output_qty > 0", name=op.f("ck_boq_item_not_negative")),
        sa.ForeignKeyConstraint(["section_id"], ["boq_section.id"], name=op.f("fk_boq_item_section_id")),
        sa.ForeignKeyConstraint(["version_id"], ["estimate_version.id"], name=op.f("fk_boq_item_version_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_boq_item")),
        sa.UniqueConstraint("version_id", "item_no", name=op.f("uq_boq_item_version_id_item_no")),
    )
    op.create_index(op.f("ix_boq_item_project_id"), "boq_item", ["project_id"], unique=False)
    op.create_index(op.f("ix_boq_item_section_id"), "boq_item", ["section_id"], unique=False)
    op.create_index("ix_boq_item_version_id_position", "boq_item", ["version_id", "position"], unique=True)


def downgrade() -> None:
    op.drop_index("ix_boq_item_version_id_position", table_name="boq_item")
    op.drop_index(op.f("ix_boq_item_section_id"), table_name="boq_item")
    op.drop_index(op.f("ix_boq_item_project_id"), table_name="boq_item")
    op.drop_table("boq_item")
    op.drop_index(op.f("ix_recap_line_project_id"), table_name="recap_line")
    op.drop_table("recap_line")
    op.drop_index(op.f("ix_boq_section_project_id"), table_name="boq_section")
    op.drop_table("boq_section")
    op.drop_index("ix_boq_import_issue_batch_id_position", table_name="boq_import_issue")
    op.drop_table("boq_import_issue")
    op.drop_index(op.f("ix_estimate_version_project_id"), table_name="estimate_version")
    op.drop_index(op.f("ix_estimate_version_estimate_id"), table_name="estimate_version")
    op.drop_table("estimate_version")
    op.drop_index(op.f("ix_boq_import_status"), table_name="boq_import")
    op.drop_index(op.f("ix_boq_import_project_id"), table_name="boq_import")
    op.drop_index(op.f("ix_boq_import_file_sha256"), table_name="boq_import")
    op.drop_index(op.f("ix_boq_import_estimate_id"), table_name="boq_import")
    op.drop_table("boq_import")
    op.drop_index("uq_estimate_detailed", table_name="estimate", postgresql_where=sa.text("kind = 'detailed'"))
    op.drop_index(op.f("ix_estimate_project_id"), table_name="estimate")
    op.drop_table("estimate")
    op.drop_table("recap_head")
