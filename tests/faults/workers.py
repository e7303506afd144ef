"""Faults of workers: processes and sessions that are suddenly gone."""

from __future__ import annotations

import threading

from duplication.engine import Engine
from duplication.worker.dispatcher import send_due
from tests.faults.farm import Farm, Station
from tests.faults.meddler import Body, Dropped
from tests.support.waiting import eventually


def worker_killed_in_a_call(farm: Farm) -> None:
    """The worker's backend ends, too. The other worker goes on with the job at once, and nothing is copied twice."""
    station = farm.random.choice(farm.stations)
    station.kill()
    farm.restart(station)


def worker_killed_between_send_and_delete(farm: Farm) -> None:
    """The queue holds the next job, and still the finished one. Delivered again, the finished one does nothing."""
    station = farm.random.choice(farm.stations)
    killed = threading.Event()

    def kill_instead_of_deleting(action: str, _: Body) -> None:
        if action == "DeleteMessageBatch" and not killed.is_set():
            station.kill()
            killed.set()
            raise Dropped

    station.queue.before = kill_instead_of_deleting
    eventually(lambda: killed.is_set() or farm.are_over(), "it deletes a message", 60)
    station.queue.behave()
    farm.restart(station)


def backends_terminated(farm: Farm) -> None:
    """`pg_terminate_backend` on every session of both workers: they connect again and go on where they were."""
    with farm.session() as conn:
        for pid in farm.backends():
            conn.execute("select pg_terminate_backend(%s)", (pid,))


def many_dispatchers(farm: Farm) -> None:
    """Four more dispatchers run beside the workers' two. One at a time sends jobs, and each job is done once."""
    over = threading.Event()

    def dispatch() -> None:
        with Engine.connect(farm.dsn, application_name="test") as engine:
            while not over.is_set():
                send_due(engine, farm.queue)

    threads = [threading.Thread(target=dispatch) for _ in range(4)]
    for thread in threads:
        thread.start()
    farm.wait_for_the_end()
    over.set()
    for thread in threads:
        thread.join()


def worker_frozen(farm: Farm) -> None:
    """SIGSTOP for longer than the worker's lease. The other worker takes its jobs over; woken, it leaves them alone."""
    station: Station = farm.random.choice(farm.stations)
    station.freeze()
    threading.Event().wait(min(6.0, farm.away_seconds))
    station.thaw()
