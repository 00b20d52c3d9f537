"""Log lines carry ids and never a secret, whatever is thrown at them."""

import io
import json
import logging
import sys
import threading
import warnings
from collections.abc import Iterator

import pytest

from core.log import RootHandler, adopt_foreign_loggers, configure_logging, current_scrubber, log_ids
from core.security.scrubber import Scrubber
from core.security.secret import Secret

CANARY = "c4n4ry/value+000111=222"


@pytest.fixture(autouse=True)
def restored_logging() -> Iterator[None]:
    """Put the process's logging back as it was."""
    root, loggers = logging.getLogger(), logging.root.manager.loggerDict
    handlers, level, hooks = root.handlers[:], root.level, (sys.excepthook, threading.excepthook)
    before = {name: logger.level for name, logger in loggers.items() if isinstance(logger, logging.Logger)}
    yield
    logging.captureWarnings(False)
    root.handlers[:] = handlers
    root.setLevel(level)
    sys.excepthook, threading.excepthook = hooks
    for name, logger in loggers.items():
        if isinstance(logger, logging.Logger):
            logger.setLevel(before.get(name, logging.NOTSET))


@pytest.fixture(params=[False, True], ids=["text", "json"])
def output(request: pytest.FixtureRequest) -> io.StringIO:
    stream = io.StringIO()
    configure_logging("DEBUG", request.param, scrubber=Scrubber([Secret(CANARY)]), stream=stream)
    return stream


@pytest.fixture
def json_output() -> io.StringIO:
    stream = io.StringIO()
    configure_logging("INFO", json=True, stream=stream)
    return stream


def test_a_json_line_has_message_level_logger_time_and_ids(json_output: io.StringIO) -> None:
    logging.getLogger("core.sync").warning(
        "slot of %s missed", "binance", extra={"account_id": "a1", "client_id": "c1", "exchange": "binance"}
    )
    line = json.loads(json_output.getvalue())
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "slot of binance missed",
        "level": "warning",
        "logger": "core.sync",
        "account_id": "a1",
        "client_id": "c1",
        "exchange": "binance",
    }


def test_a_text_line_shows_message_and_ids() -> None:
    stream = io.StringIO()
    configure_logging(stream=stream)
    logging.getLogger("core.sync").info("done", extra={"account_id": "a1"})
    assert "done" in stream.getvalue()
    assert "account_id=a1" in stream.getvalue()


def test_no_secret_passes_in_message_argument_extra_or_exception(output: io.StringIO) -> None:
    log = logging.getLogger("core.test")
    log.info("plain %s", CANARY)
    log.info("quoted %r and %s", CANARY, {"key": CANARY})
    log.info("extra", extra={"endpoint": f"/x?signature={CANARY}", "payload": {"k": [CANARY]}})
    log.debug("signature=%s", "unknown-but-shaped-like-one")
    try:
        raise RuntimeError(f"bad key {CANARY}") from ValueError(CANARY)
    except RuntimeError:
        log.exception("failed with %s", Secret(CANARY))
    text = output.getvalue()
    assert "c4n4ry" not in text
    assert "unknown-but-shaped" not in text
    assert text.count("•••") >= 7
    assert "Traceback" in text


def test_uncaught_exceptions_are_logged_and_scrubbed(output: io.StringIO, capsys: pytest.CaptureFixture[str]) -> None:
    try:
        raise RuntimeError(CANARY)
    except RuntimeError:
        sys.excepthook(*sys.exc_info())

    def fail() -> None:
        raise RuntimeError(f"in thread {CANARY}")

    thread = threading.Thread(target=fail, name="worker-7")
    thread.start()
    thread.join()
    sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(CANARY), None)
    text = output.getvalue()
    assert text.count("uncaught exception") == 2
    assert "worker-7" in text
    assert "c4n4ry" not in text + "".join(capsys.readouterr())


def test_a_thread_that_ends_itself_is_no_error(output: io.StringIO) -> None:
    thread = threading.Thread(target=sys.exit)
    thread.start()
    thread.join()
    assert output.getvalue() == ""


def test_warnings_go_through_the_root_too(output: io.StringIO) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn(f"odd value {CANARY}", stacklevel=1)
    assert "odd value" in output.getvalue()
    assert "c4n4ry" not in output.getvalue()


def test_a_record_that_cannot_be_formatted_shows_no_argument(
    output: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    root = logging.getLogger()
    root.handlers[:] = [handler for handler in root.handlers if isinstance(handler, RootHandler)]  # without pytest's
    logging.getLogger("core.test").info("two %s %s", CANARY)
    text = output.getvalue() + "".join(capsys.readouterr())
    assert "unloggable record from core.test test_log.py:" in text
    assert "c4n4ry" not in text


def test_nobody_can_forge_a_line(output: io.StringIO) -> None:
    logging.getLogger("core.test").info("name %s", "x\nforged line\x1b[31m\u2028", extra={"endpoint": "a\r\nb"})
    text = output.getvalue()
    assert len(text.splitlines()) == 1
    assert "\x1b" not in text


def test_urllib3_never_tells_its_urls(output: io.StringIO) -> None:
    logging.getLogger("urllib3.connectionpool").debug("GET /x?signature=abc")
    assert output.getvalue() == ""
    logging.getLogger("core.test").debug("own debug lines stay")
    assert "own debug" in output.getvalue()


def test_a_higher_level_holds_for_libraries_as_well() -> None:
    stream = io.StringIO()
    configure_logging("ERROR", stream=stream)
    logging.getLogger("urllib3.util.retry").warning("retrying")
    assert stream.getvalue() == ""


def test_libraries_with_their_own_handlers_are_sent_through_the_root(output: io.StringIO) -> None:
    own = io.StringIO()
    library = logging.getLogger("uvicorn.access")
    library.addHandler(logging.StreamHandler(own))
    library.propagate = False
    library.setLevel(logging.INFO)
    adopt_foreign_loggers()
    library.info('"GET /setup?token=%s HTTP/1.1" 200', CANARY)
    assert own.getvalue() == ""
    assert "GET /setup?token=•••" in output.getvalue()


def test_setting_up_again_keeps_the_known_values() -> None:
    stream = io.StringIO()
    first = configure_logging()
    assert current_scrubber() is first
    first.add(Secret(CANARY))
    assert configure_logging("DEBUG", stream=stream) is first
    logging.getLogger("core.test").debug("value %s", CANARY)
    assert "value •••" in stream.getvalue()


def test_there_is_no_scrubber_before_logging_is_set_up() -> None:
    logging.getLogger().handlers.clear()
    assert current_scrubber() is None


def test_setting_up_twice_leaves_one_handler() -> None:
    first, second = io.StringIO(), io.StringIO()
    configure_logging(stream=first)
    scrubber = configure_logging(stream=second)
    scrubber.add(Secret(CANARY))
    logging.getLogger("core.test").info("once %s", CANARY)
    assert first.getvalue() == ""
    assert second.getvalue().count("once •••") == 1


def test_a_look_at_the_schema_writes_no_line(json_output: io.StringIO) -> None:
    logging.getLogger("alembic.runtime.migration").info("Context impl SQLiteImpl.")
    logging.getLogger("alembic").warning("something to know")
    assert [json.loads(line)["event"] for line in json_output.getvalue().splitlines()] == ["something to know"]


def test_ids_are_in_every_line_of_their_block_and_of_their_thread_only(json_output: io.StringIO) -> None:
    log = logging.getLogger("core.test")

    def elsewhere() -> None:
        log.info("elsewhere")

    with log_ids(sidecar_id="one", account_id="a1", slot=7), log_ids(run=3):
        log.info("inside", extra={"account_id": "a2"})
        other = threading.Thread(target=elsewhere)
        other.start()
        other.join()
    log.info("after")
    lines = [json.loads(line) for line in json_output.getvalue().splitlines()]
    ids = [{name: line.get(name) for name in ("sidecar_id", "account_id", "slot", "run")} for line in lines]
    assert ids[0] == {"sidecar_id": "one", "account_id": "a2", "slot": 7, "run": 3}
    assert ids[1:] == [{"sidecar_id": None, "account_id": None, "slot": None, "run": None}] * 2


def test_an_id_that_holds_a_secret_is_scrubbed_like_everything_else(output: io.StringIO) -> None:
    with log_ids(account_id=CANARY):
        logging.getLogger("core.test").info("read")
    assert "c4n4ry" not in output.getvalue()
    assert "read" in output.getvalue()
