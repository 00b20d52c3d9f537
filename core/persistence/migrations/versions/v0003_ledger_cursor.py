"""Where the reading of a ledger in parts goes on."""

import sqlalchemy as sa
from alembic import op

from core.persistence.types import UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the cursor; None stands for a ledger that is read whole."""
    op.add_column("sync_states", sa.Column("ledger_cursor", UtcDateTime(), nullable=True))
