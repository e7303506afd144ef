"""The message: one job, one level of one duplication."""

import json
from dataclasses import asdict, dataclass
from uuid import UUID

from duplication.errors import DuplicationError

MAX_ID = 2**63 - 1


class InvalidJob(DuplicationError):
    """A message's body is not a job."""


@dataclass(frozen=True, slots=True)
class Job:
    """One level of one duplication of one installation (a database that has the engine)."""

    installation: str
    duplication_id: int
    level: str

    def to_body(self) -> str:
        """Return the message body for this job."""
        return json.dumps(asdict(self))

    @classmethod
    def parse(cls, body: str) -> "Job":
        """Read a message body.

        Returns the job; raises InvalidJob when anything is missing, of the wrong type, or too much: a field this
        version does not know may change what the job means, so such a message waits for a worker that does.
        """
        try:
            fields = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise InvalidJob("The message is not JSON") from error
        if not isinstance(fields, dict):
            raise InvalidJob("The message is not a JSON object")
        names = {"installation", "duplication_id", "level"}
        if fields.keys() != names:
            raise InvalidJob(f"The message's fields differ from a job's: {', '.join(sorted(fields.keys() ^ names))}")
        return cls(
            _check_installation(fields["installation"]),
            _check_id(fields["duplication_id"]),
            _check_level(fields["level"]),
        )


def _check_installation(value: object) -> str:
    if isinstance(value, str):
        try:
            uuid = str(UUID(value))
        except ValueError:
            pass
        else:
            # UUID() also reads braces, urn: and missing hyphens, which the engine never writes.
            if uuid == value.lower():
                return uuid
    raise InvalidJob("The job's installation is not a UUID")


def _check_id(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= MAX_ID:
        return value
    raise InvalidJob("The job's duplication_id is not a positive bigint")


def _check_level(value: object) -> str:
    if isinstance(value, str) and value and "\0" not in value:
        return value
    raise InvalidJob("The job's level is not a name")
