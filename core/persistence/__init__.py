"""Storage on SQLite and PostgreSQL: models, repositories, the unit of work and migrations.

`SqlStorage` implements `core.ports.Storage`; `migrate` brings a database to the newest schema.
"""

from core.persistence.schema import backup_path, migrate
from core.persistence.storage import SqlStorage

__all__ = ["SqlStorage", "backup_path", "migrate"]
