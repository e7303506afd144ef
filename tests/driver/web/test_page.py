"""The page, in a real browser: live without reload, for any screen, with and without JavaScript, and it survives."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator

import psycopg
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from duplication.engine import Engine
from tests.driver.helpers import complete
from tests.driver.web.conftest import Process, Site
from tests.support.calls import set_batch_rows, status, value
from tests.support.waiting import eventually

CHROMIUM = shutil.which("chromium")
HOSTILE = "<script>document.title='taken'</script><img src=x onerror=\"document.title='taken'\">"

pytestmark = pytest.mark.skipif(CHROMIUM is None and "CI" not in os.environ, reason="there is no chromium")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    assert CHROMIUM, "chromium is to be installed"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def look(chromium: Browser, site: Site) -> Iterator[Callable[..., Page]]:
    """Opens the page of a server in a browser of its own; nothing may go wrong in it."""
    contexts = []
    problems: list[str] = []

    def at(path: str = "/", of: Site = site, **options: object) -> Page:
        contexts.append(chromium.new_context(**options))  # type: ignore[arg-type]
        page = contexts[-1].new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda message: problems.append(message.text) if "Security" in message.text else None)
        page.goto(of.url + path)
        return page

    yield at
    for context in contexts:
        context.close()
    assert problems == []


def fail(db: psycopg.Connection, engine: Engine, source: str) -> int:
    """A duplication that meets a constraint at its blocks."""
    duplication = engine.request_duplication("episode", source)
    db.execute("alter table public.blocks add constraint no_copies check (orig_id is null)")
    with pytest.raises(Exception, match="no_copies"):
        complete(engine, duplication)
    db.execute("alter table public.blocks drop constraint no_copies")
    return duplication


def test_a_copy_is_seen_to_come_on_without_a_reload(
    look: Callable[..., Page], db: psycopg.Connection, engine: Engine, source: str
) -> None:
    page = look()
    page.evaluate("window.same = true")
    expect(page.get_by_text("Nothing is being copied.")).to_be_visible()
    duplication = engine.request_duplication("episode", source)
    card = page.locator(f"#unfinished #d{duplication}")
    expect(card.locator(".badge")).to_have_text("pending")
    expect(page.get_by_text("Nothing is being copied.")).to_be_hidden()
    for level in ("episodes", "parts", "items"):
        engine.duplicate_level(duplication, level)
    expect(card.locator(".badge")).to_have_text("in progress")
    expect(card.get_by_role("row", name="items")).to_contain_text("4 of 4")
    bar = card.get_by_role("progressbar", name="blocks: rows copied")
    expect(bar).to_have_attribute("value", "0")
    complete(engine, duplication)
    done = page.locator(f"#over #d{duplication}")
    expect(done.locator(".badge")).to_have_text("completed")
    expect(done.locator("summary")).to_contain_text("19 of 19 rows in ")
    expect(page.locator("#news")).to_have_text(f"Duplication {duplication} is completed")
    assert page.evaluate("window.same"), "the page was never loaded anew"


def test_a_type_of_event_that_is_not_known_is_shown(
    look: Callable[..., Page], db: psycopg.Connection, engine: Engine, source: str
) -> None:
    duplication = engine.request_duplication("episode", source)
    page = look()
    card = page.locator(f"#d{duplication}")
    expect(card.locator(".badge")).to_have_text("pending")
    db.execute(
        "update duplication.duplications set not_before = now(), waiting_reason = 'a cold' where id = %s",
        (duplication,),
    )
    db.execute(
        "insert into duplication.events (duplication_id, type, payload) values (%s, 'duplication.caught_cold', '{}')",
        (duplication,),
    )
    expect(page.locator("#latest")).to_have_text(f"Latest: {duplication}, caught cold")
    expect(card.locator(".waiting")).to_contain_text("a cold")


def test_batches_are_a_timeline_that_is_told_in_words_too(
    look: Callable[..., Page], db: psycopg.Connection, engine: Engine, source: str
) -> None:
    set_batch_rows(db, 5)
    duplication = engine.request_duplication("episode", source)
    complete(engine, duplication)
    batches = value(
        db, "select count(*) from _duplication.batches where duplication_id = %s and level = 'blocks'", duplication
    )
    page = look(f"/duplications/{duplication}")
    page.locator("summary").click()
    timeline = page.get_by_role("row", name="blocks").get_by_role("img")
    expect(timeline.locator("rect")).to_have_count(batches)
    expect(timeline).to_have_attribute("aria-label", re.compile(rf"^{batches} of the latest batches, .* on average"))


def test_why_one_waits_is_told(look: Callable[..., Page], engine: Engine, source: str) -> None:
    duplication = engine.request_duplication("episode", source)
    page = look()
    engine.begin_attempt(duplication, "episodes", "m", "host:7", cpu_percent=91)
    expect(page.locator(f"#d{duplication} .waiting")).to_contain_text("waiting: CPU 91 % > 80 %, again at")


def test_an_error_is_told_in_full(
    look: Callable[..., Page], db: psycopg.Connection, engine: Engine, source: str
) -> None:
    page = look()
    duplication = fail(db, engine, source)
    card = page.locator(f"#d{duplication}")
    expect(page.locator(f"#failed #d{duplication} .badge")).to_have_text("failed")
    error = engine.find_duplication(duplication).error or {}
    for field in ("message", "sqlstate", "detail", "level", "relation"):
        expect(card.locator("dl.error")).to_contain_text(str(error[field]).strip())
    expect(card.locator("details")).to_have_attribute("open", "")


def test_the_buttons_do_what_they_say(
    look: Callable[..., Page], db: psycopg.Connection, engine: Engine, source: str
) -> None:
    page = look()
    duplication = engine.request_duplication("episode", source)
    page.get_by_role("button", name=f"cancel duplication {duplication}").click()
    expect(page.locator(f"#over #d{duplication} .badge")).to_have_text("cancelled")
    assert status(db, duplication) == "cancelled"
    page.get_by_role("button", name=f"discard duplication {duplication}").click()
    expect(page.locator(f"#d{duplication} .badge")).to_have_text("discarded")
    failed = fail(db, engine, source)
    page.get_by_role("button", name=f"retry duplication {failed}").click()
    expect(page.locator(f"#unfinished #d{failed} .badge")).to_have_text("pending")


def test_a_button_that_comes_too_late_says_why(look: Callable[..., Page], engine: Engine, source: str) -> None:
    duplication = engine.request_duplication("episode", source)
    page = look(java_script_enabled=False)
    complete(engine, duplication)
    page.get_by_role("button", name=f"cancel duplication {duplication}").click()
    expect(page.get_by_text("It could not be done")).to_be_visible()
    expect(page.locator("dl.error")).to_contain_text("UD007")


def test_it_works_with_the_keyboard_alone_and_the_focus_stays(
    look: Callable[..., Page], db: psycopg.Connection, engine: Engine, source: str
) -> None:
    duplication = engine.request_duplication("episode", source)
    page = look()
    button = page.get_by_role("button", name=f"cancel duplication {duplication}")
    for _ in range(10):
        page.keyboard.press("Tab")
        if button.evaluate("node => node === document.activeElement"):
            break
    engine.duplicate_level(duplication, "episodes")
    expect(page.locator(f"#d{duplication} .badge")).to_have_text("in progress")
    assert button.evaluate("node => node === document.activeElement"), "what came did not take the focus away"
    page.keyboard.press("Enter")
    expect(page.locator(f"#over #d{duplication} .badge")).to_have_text("cancelled")
    assert page.evaluate("document.activeElement.closest('article')?.id") == f"d{duplication}"


def test_it_is_a_plain_page_without_javascript(look: Callable[..., Page], engine: Engine, source: str) -> None:
    duplication = engine.request_duplication("episode", source)
    for level in ("episodes", "parts"):
        engine.duplicate_level(duplication, level)
    page = look(java_script_enabled=False)
    rows = page.locator(f"#d{duplication} tbody tr")
    expect(rows).to_have_count(4)
    expect(rows.nth(1)).to_contain_text("2 of 2")
    assert 'http-equiv="refresh"' in page.content()
    page.get_by_role("button", name=f"cancel duplication {duplication}").click()
    expect(page.locator(f"#over #d{duplication} .badge")).to_have_text("cancelled")


@pytest.mark.parametrize("width", [320, 380, 1280])
def test_nothing_is_wider_than_the_screen(
    look: Callable[..., Page], db: psycopg.Connection, engine: Engine, source: str, width: int
) -> None:
    duplication = fail(db, engine, source)
    page = look(viewport={"width": width, "height": 700})
    expect(page.locator(f"#d{duplication} dl.error")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_stand_out_from_what_is_behind_them(
    look: Callable[..., Page], db: psycopg.Connection, engine: Engine, source: str, scheme: str
) -> None:
    fail(db, engine, source)
    complete(engine, engine.open_duplication("episode", source))
    waiting = engine.request_duplication("episode", source)
    engine.begin_attempt(waiting, "episodes", "m", "host:7", cpu_percent=91)
    page = look(color_scheme=scheme)
    expect(page.locator(".waiting")).to_be_visible()
    for selector in ("body", "a", ".badge", ".waiting", ".times", "button", "thead th", ".error dt", ".error dd", "h2"):
        for node in page.locator(selector).all():
            assert contrast(*node.evaluate(COLOURS)) >= 4.5, (selector, node.evaluate("node => node.outerHTML"))


COLOURS = """
node => {
  const own = getComputedStyle(node).color;
  let behind = node, colour;
  do colour = getComputedStyle(behind).backgroundColor;
  while (/, 0\\)$/.test(colour) && (behind = behind.parentElement));
  return [own, colour];
}
"""


def contrast(one: str, other: str) -> float:
    """The ratio of WCAG 2, which asks for 4.5."""
    brighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    channels = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_it_says_what_it_is_to_a_screen_reader(look: Callable[..., Page], engine: Engine, source: str) -> None:
    duplication = engine.request_duplication("episode", source)
    engine.duplicate_level(duplication, "episodes")
    page = look()
    expect(page.get_by_role("region", name="In progress")).to_be_visible()
    card = page.get_by_role("article", name=f"{duplication}: episode {source}")
    expect(card.get_by_role("rowheader", name="parts")).to_be_visible()
    expect(card.get_by_role("progressbar")).to_have_count(4)
    assert page.locator("html").get_attribute("lang") == "en"
    assert page.locator("#news").get_attribute("aria-live") == "polite"


def test_a_copy_is_linked_to_where_the_application_shows_it(
    serve: Callable[..., Process], engine: Engine, source: str
) -> None:
    site = serve("--copy-url", "https://app.example/{tree}/{key}?from=copy")
    duplication = engine.open_duplication("episode", source)
    complete(engine, duplication)
    key = engine.find_duplication(duplication).new_root_key
    assert f'href="https://app.example/episode/{key}?from=copy"' in site.client.get("/").text


def test_what_an_application_calls_its_things_harms_nobody(
    look: Callable[..., Page], db: psycopg.Connection, engine: Engine, source: str
) -> None:
    db.execute("create function public.refuse() returns trigger language plpgsql as $$ begin raise 'no'; end $$")
    duplication = engine.request_duplication("episode", source)
    db.execute(
        "update duplication.duplications set root_key = %s, waiting_reason = %s, not_before = now() where id = %s",
        (HOSTILE, HOSTILE, duplication),
    )
    page = look()
    expect(page.locator(f"#d{duplication} h3")).to_contain_text(HOSTILE)
    engine.cancel(duplication)
    expect(page.locator(f"#over #d{duplication}")).to_be_visible()
    assert page.title() == "Duplications"


def test_it_survives_the_servers_restart(
    look: Callable[..., Page], serve: Callable[..., Process], engine: Engine, source: str
) -> None:
    site = serve()
    page = look(of=site)
    duplication = engine.request_duplication("episode", source)
    expect(page.locator(f"#unfinished #d{duplication}")).to_be_visible()
    site.process.process.kill()
    site.process.wait()
    expect(page.locator("#connection")).to_contain_text("Not connected")
    complete(engine, duplication)
    serve(port=int(site.url.rpartition(":")[2]))
    expect(page.locator(f"#over #d{duplication} .badge")).to_have_text("completed", timeout=20_000)
    expect(page.locator("#connection")).to_be_empty()


def test_it_survives_the_readers_sleep(
    look: Callable[..., Page], db: psycopg.Connection, engine: Engine, source: str
) -> None:
    """What is purged meanwhile is not told any more: the page is then loaded anew."""
    page = look()
    duplication = engine.request_duplication("episode", source)
    expect(page.locator(f"#unfinished #d{duplication}")).to_be_visible()
    page.context.set_offline(True)
    page.evaluate("window.dispatchEvent(new Event('offline'))")
    complete(engine, duplication)
    db.execute("update duplication.settings set purge_events_after = '0 s'")
    eventually(lambda: engine.purge() and value(db, "select count(*) from duplication.events") == 0, "all is purged")
    page.context.set_offline(False)
    expect(page.locator(f"#over #d{duplication} .badge")).to_have_text("completed", timeout=20_000)


def test_older_ones_are_pages_behind(look: Callable[..., Page], engine: Engine, source: str) -> None:
    ids = [engine.request_duplication("episode", source) for _ in range(25)]
    for duplication in ids:
        engine.cancel(duplication)
    page = look()
    expect(page.locator("#over article")).to_have_count(20)
    page.get_by_role("link", name="Older ones").click()
    expect(page.locator("#over article")).to_have_count(5)
