"""What people have said of transfers: one row per word, kept when it is taken back."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from core.domain.transfer_links import LinkKind
from core.persistence.models.base import Base, one_of

IN_FORCE = "undone_at IS NULL"
ENTRY = ["ledger_entries.account_id", "ledger_entries.wallet", "ledger_entries.dedupe_key"]
ACCOUNT = ["exchange_accounts.id", "exchange_accounts.user_id"]
SHAPE = (
    "(out_account_id IS NULL) = (out_at IS NULL) AND (in_account_id IS NULL) = (in_at IS NULL) AND "
    "CASE kind WHEN 'pair' THEN out_account_id IS NOT NULL AND in_account_id IS NOT NULL "
    "WHEN 'pending' THEN out_account_id IS NOT NULL AND in_account_id IS NULL "
    "ELSE out_account_id IS NOT NULL OR in_account_id IS NOT NULL END"
)


def _once(name: str, side: str) -> Index:
    """Return the index that lets one entry have one word in force."""
    columns = (f"{side}_account_id", f"{side}_wallet", f"{side}_key")
    return Index(name, *columns, unique=True, sqlite_where=text(IN_FORCE), postgresql_where=text(IN_FORCE))


class TransferLinkRow(Base):
    """A person's word on one or two ledger entries. Both belong to the client named, so no row joins two clients."""

    __tablename__ = "transfer_links"
    __table_args__ = (
        CheckConstraint(one_of("kind", LinkKind), name="kind"),
        CheckConstraint(SHAPE, name="shape"),
        ForeignKeyConstraint(["out_account_id", "client_id"], ACCOUNT, ondelete="CASCADE"),
        ForeignKeyConstraint(["in_account_id", "client_id"], ACCOUNT, ondelete="CASCADE"),
        ForeignKeyConstraint(["out_account_id", "out_wallet", "out_key"], ENTRY, ondelete="CASCADE"),
        ForeignKeyConstraint(["in_account_id", "in_wallet", "in_key"], ENTRY, ondelete="CASCADE"),
        _once("uq_transfer_links_out", "out"),
        _once("uq_transfer_links_in", "in"),
        Index("ix_transfer_links_client_id_changed_at", "client_id", "changed_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    client_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(20))
    out_account_id: Mapped[UUID | None]
    out_wallet: Mapped[str | None] = mapped_column(String(64))
    out_key: Mapped[str | None] = mapped_column(String(255))
    in_account_id: Mapped[UUID | None]
    in_wallet: Mapped[str | None] = mapped_column(String(64))
    in_key: Mapped[str | None] = mapped_column(String(255))
    out_at: Mapped[datetime | None]
    in_at: Mapped[datetime | None]
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]
    said_at: Mapped[datetime]
    said_by: Mapped[UUID | None]
    changed_at: Mapped[datetime]
    undone_at: Mapped[datetime | None]
    undone_by: Mapped[UUID | None]
