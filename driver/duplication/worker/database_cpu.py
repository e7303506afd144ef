"""The CPU of an RDS instance, as CloudWatch knows it."""

import logging
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from duplication.outages import Outages

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient

logger = logging.getLogger("duplication")

PERIOD_SECONDS = 60
LOOK_BACK = timedelta(minutes=10)


class CpuGauge:
    """Reads CPUUtilization, and remembers it for a while. Safe to use from several threads.

    Parameters: instance, the RDS instance's identifier, None if there is none to be asked about; outages, where it is
    told that the metric cannot be had; keep_seconds, how long a reading is used.
    """

    def __init__(
        self,
        instance: str | None,
        outages: Outages,
        keep_seconds: float = PERIOD_SECONDS / 2,
        client: "CloudWatchClient | None" = None,
    ) -> None:
        self._instance = instance
        self._outages = outages
        self._keep_seconds = keep_seconds
        self._client = client
        self._lock = threading.Lock()
        self._value: float | None = None
        self._read_at: float | None = None

    def read(self) -> float | None:
        """Return the latest percentage; None when there is none to be had, which stops nobody."""
        if self._instance is None:
            return None
        with self._lock:
            now = time.monotonic()
            if self._read_at is None or now - self._read_at >= self._keep_seconds:
                self._read_at = now
                self._value = self._ask(self._instance)
            return self._value

    def _ask(self, instance: str) -> float | None:
        what = "The metric CPUUtilization"
        asked_at = time.monotonic()
        try:
            self._client = self._client or connect_client()
            until = datetime.now(UTC)
            points = self._client.get_metric_statistics(
                Namespace="AWS/RDS",
                MetricName="CPUUtilization",
                Dimensions=[{"Name": "DBInstanceIdentifier", "Value": instance}],
                StartTime=until - LOOK_BACK,
                EndTime=until,
                Period=PERIOD_SECONDS,
                Statistics=["Average"],
            )["Datapoints"]
        except (BotoCoreError, ClientError, ValueError) as error:
            self._outages.begin(what, str(error))
            return None
        if not points:
            self._outages.begin(what, f"CloudWatch knows no value of {instance} of the last ten minutes")
            return None
        self._outages.end(what, asked_at)
        return max(points, key=lambda point: point["Timestamp"])["Average"]


def connect_client() -> "CloudWatchClient":
    """Return a client that does not let its caller wait for long: without the metric, work goes on."""
    config = Config(connect_timeout=2, read_timeout=5, retries={"mode": "standard", "max_attempts": 2})
    return boto3.client("cloudwatch", config=config)
