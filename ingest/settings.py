"""Where things are kept and which models are used, from `WENFA_*` environment variables."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from pydantic_settings import BaseSettings, SettingsConfigDict

PROJECT = Path(__file__).resolve().parent.parent


class IngestSettings(BaseSettings):
    """What the index needs to know of its surroundings."""

    model_config = SettingsConfigDict(env_prefix="WENFA_", env_file=".env", extra="ignore")

    home: Path = PROJECT / "var"
    """Folder of the library, the index and the trained model."""
    database_url: str | None = None
    """Any SQLAlchemy URL; by default an SQLite file in `home`."""
    embedding_model: str | None = None
    """Name or folder of a sentence-transformers model; None for the bundled one."""
    embedding_batch_size: int = 64
    embedding_device: str | None = None

    @property
    def library_url(self) -> str:
        """The database that is the source of truth."""
        return self.database_url or f"sqlite:///{self.home / 'library.db'}"

    @property
    def index_folder(self) -> Path:
        """Folder of the index generations."""
        return self.home / "index"

    @property
    def model_folder(self) -> Path:
        """Folder of the embedding models trained here."""
        return self.home / "models"


@cache
def ingest_settings() -> IngestSettings:
    """Read the environment once."""
    return IngestSettings()
