"""Settings come from the command line, the environment and files, in this order; a bad one is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from duplication.config import ConfigError, Settings, load_settings

SECRET = "hush-hush-hush-hush"


@pytest.fixture(autouse=True)
def files(variables: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory of files with settings."""
    monkeypatch.setenv("DUPLICATION_SECRETS_DIR", str(tmp_path))
    return tmp_path


def test_a_file_holds_what_the_environment_does_not(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in {"dsn": f"password={SECRET}", "web_token": SECRET, "parallel": "2", "queue_url": "q"}.items():
        (files / f"duplication_{name}").write_text(f"{text}\n")
    monkeypatch.setenv("DUPLICATION_PARALLEL", "3")
    found = load_settings(queue_url="mine")
    assert (found.dsn, found.parallel, found.queue_url) == (f"password={SECRET}", 3, "mine")
    assert found.web_token is not None
    assert found.web_token.get_secret_value() == SECRET
    assert SECRET not in repr(found)


def test_what_is_empty_is_not_set(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (files / "duplication_metrics_port").write_text("\n")
    (files / "duplication_dsn").write_text("dbname=app")
    monkeypatch.setenv("DUPLICATION_DSN", "")
    assert load_settings() == load_settings(dsn="dbname=app")
    assert load_settings(dsn="").dsn == ""


def test_every_bad_value_is_named_with_what_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUPLICATION_PARALLEL", "17")
    monkeypatch.setenv("DUPLICATION_CARRY_ON", "perhaps")
    with pytest.raises(ConfigError) as caught:
        load_settings()
    assert caught.value.message == (
        "DUPLICATION_PARALLEL is '17': a whole number from 1 to 16 is wanted; "
        "DUPLICATION_CARRY_ON is 'perhaps': on or off is wanted"
    )


def test_a_file_that_cannot_be_read_is_an_error_without_its_text(files: Path) -> None:
    (files / "duplication_dsn").write_bytes(SECRET.encode() + b"\xff")
    with pytest.raises(ConfigError) as caught:
        load_settings()
    assert str(files) in caught.value.message
    assert SECRET not in caught.value.message


def test_a_directory_that_is_named_has_to_be_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUPLICATION_SECRETS_DIR", "/nowhere")
    with pytest.raises(ConfigError, match="DUPLICATION_SECRETS_DIR is '/nowhere'"):
        load_settings()


def test_settings_made_by_a_program_look_at_no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUPLICATION_PARALLEL", "3")
    assert Settings(poll_seconds=0).parallel == 1
