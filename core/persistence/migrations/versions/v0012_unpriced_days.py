"""How many holdings had no price when a day ended."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; null stands for days that nobody counted them in."""
    op.add_column("day_results", sa.Column("unpriced", sa.Integer(), nullable=True))
