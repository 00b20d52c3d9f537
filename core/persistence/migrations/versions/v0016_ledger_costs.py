"""What reading a ledger takes of an exchange's limits, apart from the rest of a slot."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; what a slot takes is measured anew, for ledgers were in it so far."""
    for name in ("ledger_units", "ledger_rate"):
        op.add_column("rate_budgets", sa.Column(name, sa.Double(), server_default="0", nullable=False))
    op.execute("UPDATE rate_budgets SET slot_units = 0")
