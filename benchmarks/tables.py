"""The tables of the report."""

from collections.abc import Iterator, Sequence

from benchmarks.results import Results, growth_per_row, middle
from benchmarks.sections import ALL_SIDES, CLIENTS, ELSEWHERE, SECTIONS
from benchmarks.shapes import KINDS
from benchmarks.ways import TITLES

LEVEL_NAMES = ("episodes", "parts", "items", "blocks")
BYSTANDERS = {
    "nothing": "nothing",
    "plain": "a copy by the plain statements",
    "ours": "a copy by `duplicate`",
    "ours, per set": "a copy by `duplicate`, foreign keys per set",
    ELSEWHERE: "a copy by `duplicate` in another database",
}


GROWTH = {"`duplicate` in 1 session": "ours", "the plain statements": "plain"}


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def number(figure: float | None, digits: int = 0, unit: str = "") -> str:
    """Return a figure as text; nothing when it was not measured."""
    return "" if figure is None else f"{figure:,.{digits}f}{unit}"


def seconds(figure: float | None) -> str:
    """Return a time as text, in the unit that suits it."""
    if figure is None:
        return ""
    return f"{1000 * figure:,.0f} ms" if figure < 1 else f"{figure:,.{1 if figure >= 10 else 2}f} s"


def spread(ratios: list[float]) -> str:
    """Return the median of ratios, and from where to where they go."""
    found = middle(ratios)
    if found is None:
        return ""
    digits = 2 if found < 10 else 0
    return f"**{found:.{digits}f}** ({min(ratios):.{digits}f}–{max(ratios):.{digits}f})"


def measured_shapes(results: Results) -> list[str]:
    """Return the shapes that all sides were measured on."""
    return [
        name for name, section in SECTIONS.items() if set(ALL_SIDES) <= set(section.ways) and name in results.stamps
    ]


def describe(results: Results, shape: str) -> str:
    """Return a shape's title with the rows of its levels."""
    counts = results.counts[shape]
    if KINDS[shape].is_deep:
        return f"{KINDS[shape].title}, {sum(counts):,} rows"
    named = [f"{rows:,} {level if rows > 1 else level[:-1]}" for rows, level in zip(counts, LEVEL_NAMES, strict=True)]
    return f"{KINDS[shape].title}: {', '.join(named[1:])}"


def shapes_table(results: Results) -> Iterator[str]:
    """Yield how fast each shape is copied."""
    rows = []
    for name in measured_shapes(results):
        taken = results.middle(name, "plain")
        per_row = None if taken is None else 1e6 * taken / results.rows(name)
        ratios = [spread(results.ratios((name, "plain"), (name, way))) for way in ALL_SIDES[1:]]
        rows.append([describe(results, name), seconds(taken), number(per_row, 1, " µs"), *ratios])
    if rows:
        yield table(
            [
                "tree", "plain statements", "for each row", "plain / 1 session", "plain / 2 sessions", "plain / worker",
                "plain / 1 session, per set", "plain / 2 sessions, per set", "plain / worker, per set",
            ],
            rows,
        )  # fmt: skip
        yield (
            "A ratio above 1 means that ours is faster than the plain statements. The brackets hold the worst and the "
            "best round. *Per set*: foreign keys are checked for a batch at once."
        )
    if at_once := spread(results.ratios(("wide", "plain"), ("wide", "plain, 2 at once"))):
        yield (
            "Two sessions that run the plain statements on the wide tree at once, each for a copy of its own, make "
            f"{at_once} times as many copies as one session alone."
        )
    growth = [f"{title} {spread(found)}" for title, way in GROWTH.items() if (found := growth_per_row(results, way))]
    if growth:
        yield f"How many times as long a row of the large tree takes as one of the wide tree: {', '.join(growth)}."


def costs_table(results: Results) -> Iterator[str]:
    """Yield what else each way costs, for each shape."""
    rows = []
    for name in measured_shapes(results):
        for way in ALL_SIDES:
            longest = results.highest(name, way, "seconds" if way == "plain" else "longest_batch")
            buffers = results.middle(name, way, "buffers")
            dead = [number(results.middle(name, way, figure)) for figure in ("dead_rows", "dead_rows_of_engine")]
            rows.append([
                name, TITLES[way], number(results.middle(name, way, "wal_mb"), 0, " MB"),
                number(None if buffers is None else buffers / results.rows(name), 1), *dead, seconds(longest),
                number(results.highest(name, way, "peak_mb"), 0, " MB"),
            ])  # fmt: skip
    if rows:
        yield table(
            [
                "tree", "way", "WAL", "buffers for each row", "dead rows in your tables",
                "dead rows in the engine's tables", "longest transaction", "peak memory of client or worker",
            ],
            rows,
        )  # fmt: skip
        yield (
            "WAL: how far `pg_current_wal_lsn()` has advanced. Buffers: `blks_hit + blks_read` of `pg_stat_database`. "
            "Dead rows: `n_dead_tup` after the copy. Longest transaction: the plain statements are one transaction; of "
            "ours, it is the longest batch."
        )


def clients_table(results: Results) -> Iterator[str]:
    """Yield how long copies through a client take, without a delay and with one."""
    rows = []
    for way in CLIENTS:
        cells = [TITLES[way]]
        for section in ("clients", "delayed"):
            ratios = results.ratios((section, way), (section, "ours"))
            cells += [seconds(results.middle(section, way)), spread(ratios) if way != "ours" else "1"]
        rows.append([*cells, number(results.highest("clients", way, "peak_mb"), 0, " MB")])
    trip = results.middle("delayed", "ours", "round_trip_ms")
    direct = results.middle("delayed", "ours", "direct_ms")
    if trip is None or direct is None:
        return
    delay = f"{trip - direct:.1f} ms away"
    yield describe(results, "clients") + "."
    yield table(["way", "loopback", "way / ours", delay, "way / ours", "peak memory"], rows)
    yield (
        f"A round trip takes {direct:.2f} ms on loopback, and {trip:.2f} ms through a proxy that delays everything it "
        "passes on."
    )


def small_table(results: Results) -> Iterator[str]:
    """Yield what small episodes cost."""
    rows = []
    for title, figure in (("a session that has made some copies", "warm_ms"), ("a new session", "cold_ms")):
        ratios = results.ratios(("small", "plain"), ("small", "ours"), figure)
        taken = [number(results.middle("small", way, figure), 1, " ms") for way in ("plain", "ours")]
        rows.append([f"one copy, in {title}", *taken, spread(ratios)])
    rates = [number(results.middle("rush", way, "copies_a_second"), 0, "/s") for way in ("plain", "ours, worker")]
    ratios = results.ratios(("rush", "ours, worker"), ("rush", "plain"), "copies_a_second")
    title = "many copies: plain by two clients in a loop; ours by two workers, all copies requested at once"
    rows.append([title, *rates, spread(ratios)])
    if "small" in results.counts:
        yield f"{describe(results, 'small')}, one of {1 + KINDS['small'].neighbors} episodes like it."
        yield table(["", "plain statements", "ours", "speed of ours / plain"], rows)


def bystander_table(results: Results) -> Iterator[str]:
    """Yield what a session met that updates a row of the source every few milliseconds."""
    rows = []
    for way, title in BYSTANDERS.items():
        names = ("median_ms", "p99_ms", "longest_update_ms", "longest_ms")
        times = [number(results.middle("bystander", way, name), 1, " ms") for name in names]
        longest = results.figures("bystander", way, "longest_ms").values()
        among = f"{min(longest):,.1f}–{max(longest):,.1f} ms" if longest else ""
        waits = results.figures("bystander", way, "lock_waits").values()
        updates = results.figures("bystander", way, "updates").values()
        rows.append([
            title, number(sum(updates)), *times, among, number(sum(waits)),
            seconds(results.highest("bystander", way, "longest_transaction")),
        ])  # fmt: skip
    if "bystander" in results.stamps:
        yield table(
            [
                "meanwhile", "transactions", "median", "99 %", "longest update", "longest transaction", "from–to",
                "waits for a lock", "longest transaction of the copy",
            ],
            rows,
        )  # fmt: skip
        yield (
            "Each transaction updates one row of the source, of any level, three milliseconds after the one before. "
            "Then it commits, which waits until the disk has all that the copy has written by then. An update waits "
            "for locks, a commit does not; so the longest update is given without its commit. The times are medians of "
            "the rounds. The longest transaction of the copy is what `pg_stat_activity` showed, read fifty times a "
            "second."
        )
