"""Which vault keys a sidecar holds."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; the next sign of life of each sidecar fills it."""
    op.add_column("heartbeats", sa.Column("kids", sa.Text(), server_default="", nullable=False))
