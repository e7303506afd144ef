"""Faults of the network and of the queue: standing still, away, delivering twice, late, never."""

from __future__ import annotations

import time

from tests.faults.farm import Farm
from tests.faults.meddler import Body


def queue_away(farm: Farm) -> None:
    """There is no queue for half a minute: the workers say so once, wait, and go on by themselves."""
    for station in farm.stations:
        station.queue.is_away = True
    time.sleep(farm.away_seconds)
    for station in farm.stations:
        station.queue.behave()


def every_message_twice(farm: Farm) -> None:
    """Each message is delivered twice. The second delivery finds the job running or done, and does nothing."""
    for station in farm.stations:
        station.queue.copies = lambda: 2
    finish_and_behave(farm)


def messages_reordered(farm: Farm) -> None:
    """Each message is delayed by up to four seconds, so that later ones overtake earlier ones."""

    def delay(action: str, body: Body) -> None:
        if action == "SendMessage":
            body["DelaySeconds"] = farm.random.randrange(5)
        elif action == "SendMessageBatch":
            for entry in body["Entries"]:
                entry["DelaySeconds"] = farm.random.randrange(5)

    for station in farm.stations:
        station.queue.before = delay
    finish_and_behave(farm)


def messages_lost(farm: Farm) -> None:
    """The queue loses every third message. The dispatcher notices that its job is lost, and sends the job again."""
    for station in farm.stations:
        station.queue.copies = lambda: 1 if farm.random.random() < 2 / 3 else 0
    finish_and_behave(farm)


def visibility_expired(farm: Farm) -> None:
    """A worker that extends its message makes it visible instead: it is delivered again while its job runs."""

    def expire(action: str, body: Body) -> None:
        if action == "ChangeMessageVisibility":
            body["VisibilityTimeout"] = 0

    for station in farm.stations:
        station.queue.before = expire
    finish_and_behave(farm)


def finish_and_behave(farm: Farm) -> None:
    """Let everything be done in these circumstances; or, among other faults, some seconds of it."""
    if farm.away_seconds < 30:
        time.sleep(farm.away_seconds)
    else:
        farm.wait_for_the_end()
    for station in farm.stations:
        station.queue.behave()


def database_stalls(farm: Farm) -> None:
    """A worker's connections stand still, and neither side is told. The worker gives its calls up and reconnects."""
    station = farm.random.choice(farm.stations)
    station.database.stall()
    time.sleep(min(15.0, farm.away_seconds))
    station.database.hang_up()


def queue_stalls(farm: Farm) -> None:
    """The queue stops answering, and closes no connection. The other jobs go on, and the messages come again."""
    for station in farm.stations:
        station.queue.stall()
    time.sleep(min(15.0, farm.away_seconds))
    for station in farm.stations:
        station.queue.go_on()
