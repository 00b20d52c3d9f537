"""Small facts of the installation."""

from sqlalchemy import select

from core.persistence.models import FactRow
from core.persistence.repositories.base import Repository


class FactRepository(Repository):
    """Implements `core.ports.Facts`."""

    def get(self, key: str) -> str | None:
        """Return a fact, None when it was never set."""
        value: str | None = self.run(select(FactRow.value).where(FactRow.key == key)).scalar_one_or_none()
        return value

    def set(self, key: str, value: str) -> None:
        """Store a fact in place of an earlier one."""
        self._upsert(FactRow, [{"key": key, "value": value}])
