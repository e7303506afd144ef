"""Settings: from the environment, from files for what is secret, and from the command line."""

import os
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from duplication.errors import DuplicationError

PREFIX = "DUPLICATION_"
SECRETS_VARIABLE = f"{PREFIX}SECRETS_DIR"
SECRETS_DIR = Path("/run/secrets")
"""Where files with settings are looked for unless the variable names another directory."""
MAX_CONCURRENCY = 64
MAX_PARALLEL = 16


class ConfigError(DuplicationError):
    """A setting is missing or has a bad value."""


def whole_number(least: int, most: int) -> Any:
    """Return what is demanded of a whole number between two bounds."""
    return Field(ge=least, le=most, description=f"a whole number from {least} to {most}")


def seconds(least: float, most: float) -> Any:
    """Return what is demanded of a number of seconds between two bounds."""
    return Field(ge=least, le=most, allow_inf_nan=False, description=f"a number from {least} to {most}")


class Settings(BaseModel):
    """What can be set; constructed in a program, it looks at no environment.

    The queue's endpoint, region and credentials are boto3's own variables (AWS_ENDPOINT_URL, AWS_DEFAULT_REGION …).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    dsn: Annotated[str, Field(repr=False)] = ""
    """The database, in any of libpq's forms; empty: libpq's own variables (PGHOST …)."""
    queue_url: str | None = None
    """URL of the queue of jobs."""
    queue_name: Annotated[
        str,
        Field(
            pattern="^[A-Za-z0-9_-]{1,75}$",
            description="a name of at most 75 letters, digits, hyphens and underscores",
        ),
    ] = "duplicate_episodes"
    """Name of the queue that `duplication queue create` makes."""
    budget_seconds: Annotated[float, seconds(0.001, 600)] = 5.0
    """Time after which a call returns at a batch's end."""
    stall_seconds: Annotated[float, seconds(1, 86400)] = 600.0
    """Time after which a worker's call that has not returned is given up, with its session."""
    visibility_seconds: Annotated[int, whole_number(1, 43200)] = 60
    """How long a message in work is hidden from others."""
    poll_seconds: Annotated[int, whole_number(0, 20)] = 1
    """Longest wait for a message."""
    concurrency: Annotated[int, whole_number(1, MAX_CONCURRENCY)] = 1
    """How many jobs a worker does at a time."""
    parallel: Annotated[int, whole_number(1, MAX_PARALLEL)] = 1
    """How many sessions share one job's level."""
    carry_on: Annotated[bool, Field(description="on or off")] = True
    """Whether a job that is done well within its budget goes on with the next level, without a message for it."""
    memory_mb: Annotated[int, whole_number(0, 1 << 20)] = 256
    """A worker bigger than this ends between two jobs, for its supervisor to start again; 0: no limit."""
    rds_instance: Annotated[
        str | None, Field(pattern="^[A-Za-z][A-Za-z0-9-]{0,62}$", description="an RDS instance's identifier")
    ] = None
    """Identifier of the RDS instance whose CPU is asked for; None: nobody asks."""
    log_level: Annotated[
        Literal["DEBUG", "INFO", "WARNING", "ERROR"], Field(description="DEBUG, INFO, WARNING or ERROR")
    ] = "INFO"
    """What a worker tells."""
    log_format: Annotated[Literal["auto", "json", "text"], Field(description="auto, json or text")] = "auto"
    """How: `json`, `text`, or `auto`: text on a terminal, JSON elsewhere."""
    metrics_port: Annotated[int | None, whole_number(1, 65535)] = None
    """Port on which a worker tells its figures to Prometheus; None: it does not."""
    metrics_host: str = "127.0.0.1"
    """Address on which it does."""
    web_token: Annotated[SecretStr | None, Field(repr=False)] = None
    """What a request to `duplication serve` has to show; None: whoever is on this machine may ask."""

    @property
    def required_queue_url(self) -> str:
        """The queue's URL; raises ConfigError when it is not set."""
        if not self.queue_url:
            raise ConfigError(
                "The queue's URL is not set",
                hint="Set DUPLICATION_QUEUE_URL or pass --queue-url; `duplication queue create` makes a queue",
            )
        return self.queue_url


class SettingsFromOutside(Settings, BaseSettings):
    """The same, each as DUPLICATION_<NAME> in the environment or else in a file of that name; empty is not set."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, extra="ignore")

    @model_validator(mode="before")
    @classmethod
    def leave_out_empty(cls, texts: dict[str, object]) -> dict[str, object]:
        """Leave out what is empty in a file, too."""
        return {name: text for name, text in texts.items() if text != ""}


def load_settings(*, dsn: str | None = None, queue_url: str | None = None) -> Settings:
    """Read the settings.

    Parameters: dsn, queue_url, from the command line; they win over the environment, and that over files.
    Returns the settings; raises ConfigError naming the variables that have a bad value.
    """
    given: dict[str, Any] = {
        name: text for name, text in {"dsn": dsn, "queue_url": queue_url}.items() if text is not None
    }
    directory = find_secrets_dir()
    try:
        return SettingsFromOutside(_secrets_dir=directory, **given)
    except ValidationError as error:
        # without the cause, whose text has every value in it
        raise ConfigError("; ".join(describe(each["loc"][0], each["input"]) for each in error.errors())) from None
    except SettingsError as error:
        raise ConfigError(f"A file in {directory} cannot be read: {error.__cause__}") from error


def find_secrets_dir() -> Path | None:
    """Return the directory of files with settings, None for none; raises ConfigError if the named one is not there."""
    named = os.environ.get(SECRETS_VARIABLE)
    directory = Path(named or SECRETS_DIR)
    if directory.is_dir():
        return directory
    if named:
        raise ConfigError(f"{SECRETS_VARIABLE} is {named!r}: a directory is wanted")
    return None


def describe(name: int | str, value: object) -> str:
    """Return what is wrong with a setting's value. No secret is shown: in those, any text is a good one."""
    wanted = Settings.model_fields[str(name)].description
    return f"{PREFIX}{str(name).upper()} is {value!r}: {wanted} is wanted"
