"""Settings, from the environment and from the command line."""

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from duplication.errors import DuplicationError


class ConfigError(DuplicationError):
    """A setting is missing or has a bad value."""


class Settings(BaseSettings):
    """What can be set, each as DUPLICATION_<NAME> in the environment.

    The queue's endpoint, region and credentials are boto3's own variables (AWS_ENDPOINT_URL, AWS_DEFAULT_REGION …).
    """

    model_config = SettingsConfigDict(env_prefix="DUPLICATION_", frozen=True)

    dsn: str = Field("", description="the database, in any of libpq's forms; empty: libpq's own variables (PGHOST …)")
    queue_url: str | None = Field(None, description="URL of the queue of jobs")
    queue_name: str = Field("duplicate_episodes", pattern=r"^[A-Za-z0-9_-]{1,75}$")
    budget_seconds: float = Field(5.0, gt=0, le=600, description="time after which a call returns at a batch's end")
    visibility_seconds: int = Field(60, ge=1, le=43200, description="how long a message in work is hidden from others")
    poll_seconds: int = Field(1, ge=0, le=20, description="longest wait for a message; requests are looked for between")
    log_level: str = Field("INFO", pattern=r"^(DEBUG|INFO|WARNING|ERROR)$", description="what a worker tells")

    @property
    def required_queue_url(self) -> str:
        """The queue's URL; raises ConfigError when it is not set."""
        if not self.queue_url:
            raise ConfigError(
                "The queue's URL is not set",
                hint="Set DUPLICATION_QUEUE_URL or pass --queue-url; `duplication queue create` makes a queue",
            )
        return self.queue_url


def load_settings(*, dsn: str | None = None, queue_url: str | None = None) -> Settings:
    """Read the settings.

    Parameters: dsn, queue_url, from the command line; they win over the environment.
    Returns the settings; raises ConfigError naming the variable that has a bad value.
    """
    given = {name: value for name, value in {"dsn": dsn, "queue_url": queue_url}.items() if value is not None}
    try:
        return Settings.model_validate(given)
    except ValidationError as error:
        problems = [f"DUPLICATION_{str(item['loc'][0]).upper()}: {item['msg']}" for item in error.errors()]
        raise ConfigError("; ".join(problems)) from error
