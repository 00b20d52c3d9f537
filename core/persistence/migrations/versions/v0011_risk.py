"""What risk needs of wallets and positions: margins as the exchange tells them, and when a position was opened."""

import sqlalchemy as sa
from alembic import op

from core.persistence.types import UtcDateTime

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; the next reading of each account fills them."""
    for name in ("maintenance_margin", "margin_ratio"):
        op.add_column("wallet_states", sa.Column(name, sa.Double(), nullable=True))
    for name in ("opened_at", "seen_since"):
        op.add_column("positions", sa.Column(name, UtcDateTime(), nullable=True))
