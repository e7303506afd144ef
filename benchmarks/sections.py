"""What is measured: sections, each with a shape, its ways, and how one of them is taken."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial

from benchmarks import small
from benchmarks.bystander import bystander
from benchmarks.databases import cloned, database_dsn
from benchmarks.gauges import TransactionSampler
from benchmarks.network import Network, delayed_network
from benchmarks.shapes import Source, make_empty, make_source
from benchmarks.ways import WAYS, Bench, Task, measure

ALL_SIDES = (
    "plain", "ours", "ours, 2 sessions", "ours, worker", "ours, per set", "ours, 2 sessions, per set",
    "ours, worker, per set",
)  # fmt: skip
CLIENTS = ("plain", "naive", "chunked", "framework", "ours", "ours, per set")
ELSEWHERE = "elsewhere"
NOTHING_SECONDS = 4


@dataclass
class Site:
    """All that a run works on."""

    bench: Bench
    sources: dict[str, Source] = field(default_factory=dict)
    network: Network | None = None
    """With a delay; there if a section needs it."""


Measure = Callable[[Site, Source, str], dict[str, float]]


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the report."""

    shape: str
    ways: tuple[str, ...]
    measure: Measure
    most_rounds: int = 99
    """What takes long is repeated less often."""
    needs_network: bool = False
    tiny_ways: tuple[str, ...] | None = None
    """The ways that are enough to see that everything runs, where these are not all of them."""

    def ways_of_round(self, number: int, *, is_tiny: bool) -> tuple[str, ...]:
        """Return the ways in the order of a round: none is always the one that finds the machine as another left it."""
        ways = self.tiny_ways if is_tiny and self.tiny_ways else self.ways
        turn = (number - 1) % len(ways)
        return ways[turn:] + ways[:turn]


def in_database(site: Site, source: Source, way: str) -> dict[str, float]:
    """Take a way without a network in between."""
    return measure(site.bench, source, way)


def over_network(site: Site, source: Source, way: str) -> dict[str, float]:
    """Take a way over a network with a delay."""
    assert site.network is not None, "a section that needs the network says so"
    return measure(site.bench, source, way, site.network.port) | {
        "round_trip_ms": site.network.round_trip_ms,
        "direct_ms": site.network.direct_ms,
    }


def with_bystander(site: Site, source: Source, way: str) -> dict[str, float]:
    """Have a bystander work while a copy is made, or while nothing is; returns what it met.

    Parameters: way, of WAYS, `nothing`, or `elsewhere`: the same copy in another database of the server, which takes as
    much of the machine and none of the rows.
    """
    server = site.bench.server
    with cloned(server, source.name) as name, cloned(server, source.name, "other") as other:
        dsn = database_dsn(server, name)
        with bystander(dsn) as met, TransactionSampler(dsn, "psql") as sampler:
            if way == "nothing":
                time.sleep(NOTHING_SECONDS / 4 if site.bench.is_tiny else NOTHING_SECONDS)
            elif way == ELSEWHERE:
                WAYS["ours"](Task(site.bench, source, database_dsn(server, other)))
            else:
                WAYS[way](Task(site.bench, source, dsn))
    return met.figures | {"longest_transaction": sampler.longest}


def of_small(measure_one: Callable[[Bench, Source, str], dict[str, float]]) -> Measure:
    """Return a measurement of small.py as one of a section."""

    def take(site: Site, source: Source, way: str) -> dict[str, float]:
        return measure_one(site.bench, source, way)

    return take


whole = partial(Section, ways=ALL_SIDES, measure=in_database, tiny_ways=("plain", "ours"))

SECTIONS: dict[str, Section] = {
    "small": Section("small", ("plain", "ours", "ours, per set"), of_small(small.measure_sessions)),
    "rush": Section("small", ("plain", "ours, worker", "ours, worker, per set"), of_small(small.measure_rush)),
    "wide": whole("wide", ways=(*ALL_SIDES, "plain, 2 at once"), tiny_ways=None),
    "thin": whole("thin"),
    "deep": whole("deep"),
    "fat": whole("fat"),
    "single": whole("single"),
    "bystander": Section("wide", ("nothing", "plain", "ours", "ours, per set", ELSEWHERE), with_bystander),
    "clients": Section("clients", CLIENTS, in_database, most_rounds=3),
    "delayed": Section("clients", CLIENTS, over_network, most_rounds=3, needs_network=True),
    "large": whole("large", most_rounds=3, tiny_ways=("plain", "ours", "ours, worker")),
}


@contextmanager
def prepared(bench: Bench, names: list[str]) -> Iterator[Site]:
    """Load the shapes that the sections need, and make the network if one does; yields what to measure with."""
    site = Site(bench)
    make_empty(bench.server)
    for name in dict.fromkeys(SECTIONS[section].shape for section in names):
        site.sources[name] = make_source(bench.server, bench.home, name, is_tiny=bench.is_tiny)
        print(f"{name}: {site.sources[name].rows:,} rows", flush=True)
    with ExitStack() as stack:
        if any(SECTIONS[section].needs_network for section in names):
            site.network = stack.enter_context(delayed_network(bench.server.dsn, bench.server.port))
            print(f"a round trip takes {site.network.direct_ms:.2f} ms, or {site.network.round_trip_ms:.2f} ms")
        yield site
