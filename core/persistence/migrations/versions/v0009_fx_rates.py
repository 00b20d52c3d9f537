"""Exchange rates of reporting currencies, and in which currencies a client's results are computed."""

import sqlalchemy as sa
from alembic import op

from core.persistence.types import ExactDecimal, UtcDateTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create both tables; what is missing in them is asked for again."""
    op.create_table(
        "fx_rates",
        sa.Column("currency", sa.String(length=10), nullable=False),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("per_usd", ExactDecimal(), nullable=False),
        sa.Column("read_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("currency", "source", "at", name=op.f("pk_fx_rates")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "client_currencies",
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("currency", sa.String(length=10), nullable=False),
        sa.Column("wanted_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["client_id"], ["users.id"], name=op.f("fk_client_currencies_client_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("client_id", "currency", name=op.f("pk_client_currencies")),
    )
