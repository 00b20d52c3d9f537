"""How far a sidecar's clock is from those of the exchanges."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; 0 stands for a clock that is right, or was never compared."""
    op.add_column("heartbeats", sa.Column("clock_seconds", sa.Double(), server_default="0", nullable=False))
