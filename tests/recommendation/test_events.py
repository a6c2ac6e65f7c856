"""Tests of events: what is kept, and what it teaches."""

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta

import pytest

from kbsearch.recommendation.events import Event, EventStore, Usage
from kbsearch.recommendation.slots import Slot

NOW = datetime(2026, 11, 22, tzinfo=UTC)
WRITER = """
import sys
from kbsearch.recommendation.events import Event, EventStore
store = EventStore(sys.argv[1])
for number in range(int(sys.argv[3])):
    store.record(Event(action="opened", article_id=f"{sys.argv[2]}-{number}"))
    print(number, flush=True)
"""


def event(action, article_id="a", **fields):
    """An event of today."""
    return Event(action=action, article_id=article_id, **{"at": NOW, **fields})


def usage(*events, half_life_days=30.0):
    """What events teach."""
    learned = Usage(half_life_days)
    for each in events:
        learned.add(each)
    return learned


def test_recorded_event_comes_back(tmp_path):
    """With its number, and as it was."""
    store = EventStore(tmp_path / "events.sqlite")
    given = event("solved", slot="solution", rank=2, case_id="c1", segment="new")
    store.record(given)
    assert [*store.events()] == [(1, given)]


def test_personal_data_does_not_reach_the_file(tmp_path):
    """Neither the query nor the case id keeps a telephone number."""
    path = tmp_path / "events.sqlite"
    EventStore(path).record(event("opened", query="我是 13800138000", case_id="13800138000"))
    content = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert b"<phone>" in content
    assert b"13800138000" not in content


def test_wrong_event_is_refused():
    """An unknown action, a rank of 0, a field that does not exist."""
    for wrong in ({"action": "liked"}, {"rank": 0}, {"phone": "1"}, {"article_id": ""}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            Event.model_validate({"action": "opened", "article_id": "a", **wrong})


def test_several_events_are_stored_all_or_none(tmp_path):
    """What fails in the middle leaves nothing behind."""
    store = EventStore(tmp_path / "events.sqlite")

    def broken():
        yield event("opened")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        store.record_many(broken())
    assert [*store.events()] == []


def test_unwritable_file_is_an_os_error(tmp_path):
    """SQLite's own errors do not escape; the file is named."""
    with pytest.raises(OSError, match="missing"):
        EventStore(tmp_path / "missing" / "events.sqlite").record(event("opened"))
    (tmp_path / "text").write_text("no database, but a text that is long enough to be read as one")
    with pytest.raises(OSError, match="text"):
        EventStore(tmp_path / "text").usage()


def test_two_processes_lose_nothing(tmp_path):
    """Both record 200 events at once; 400 are there, in each one's own order."""
    path = tmp_path / "events.sqlite"
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, path, name, "200"], stdout=subprocess.PIPE)
        for name in ("a", "b")
    ]
    for writer in writers:
        writer.communicate(timeout=120)
        assert writer.returncode == 0
    articles = [each.article_id for _, each in EventStore(path).events()]
    for name in ("a", "b"):
        assert [a for a in articles if a[0] == name] == [f"{name}-{n}" for n in range(200)]


def test_committed_events_survive_kill_9(tmp_path):
    """Every event that the killed process had reported is there, and the file is sound."""
    path = tmp_path / "events.sqlite"
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, path, "a", "1000000"], stdout=subprocess.PIPE, text=True
    )
    reported = [int(writer.stdout.readline()) for _ in range(50)]
    os.kill(writer.pid, signal.SIGKILL)
    reported += [int(line) for line in writer.stdout.read().split()]
    writer.wait()
    writer.stdout.close()
    found = [each.article_id for _, each in EventStore(path).events()]
    assert found[: len(reported)] == [f"a-{number}" for number in reported]
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


def test_threads_have_connections_of_their_own(tmp_path):
    """Eight threads record 20 events each through one store."""
    store = EventStore(tmp_path / "events.sqlite")

    def record():
        for _ in range(20):
            store.record(event("opened"))
        store.close()

    threads = [threading.Thread(target=record) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([*store.events()]) == 160


def test_usage_takes_in_what_others_recorded(tmp_path):
    """Another store on the same file, such as another process's, is seen at the next look."""
    ours, others = (EventStore(tmp_path / "events.sqlite") for _ in range(2))
    assert ours.usage().balance("a", Slot.SOLUTION, NOW) == 0
    others.record(event("solved"))
    assert ours.usage().balance("a", Slot.SOLUTION, NOW) == pytest.approx(2 / 7)  # 2 for, prior 5


def test_balance_counts_for_and_against():
    """Solved 2 for, dismissed 1 against, prior 5: (2 - 1) / (2 + 1 + 5)."""
    learned = usage(event("solved"), event("dismissed"))
    assert learned.balance("a", Slot.SOLUTION, NOW) == pytest.approx(1 / 8)


def test_balance_never_leaves_its_bounds():
    """A million solved cases are no more than 1."""
    learned = Usage()
    for _ in range(1000):
        learned.add(event("solved", rank=10))
    assert 0.99 < learned.balance("a", Slot.SOLUTION, NOW) < 1


def test_use_at_a_low_rank_counts_more():
    """At rank 3 three times as much: 6 / (6 + 5) instead of 2 / (2 + 5)."""
    assert usage(event("solved", rank=3)).balance("a", Slot.SOLUTION, NOW) == pytest.approx(6 / 11)


def test_events_fade_by_half():
    """A solved case of 30 days ago is 1 for: 1 / (1 + 5)."""
    learned = usage(event("solved", at=NOW - timedelta(days=30)))
    assert learned.balance("a", Slot.SOLUTION, NOW) == pytest.approx(1 / 6)


def test_order_of_events_does_not_matter():
    """What comes late but happened early is as faded as if it had come in time."""
    early, late = event("solved", at=NOW - timedelta(days=60)), event("dismissed")
    one, other = usage(early, late), usage(late, early)
    balances = [each.balance("a", Slot.SOLUTION, NOW) for each in (one, other)]
    assert balances[0] == pytest.approx(balances[1])


def test_use_in_one_slot_says_nothing_of_another():
    """Unless the event does not say which."""
    learned = usage(event("solved", slot="policy"), event("solved", "b"))
    assert learned.balance("a", Slot.SOLUTION, NOW) == 0
    assert learned.balance("b", Slot.SOLUTION, NOW) > 0


def test_articles_of_one_case_belong_together():
    """Of the three uses of 2 cases with a, two are b: 2 / (3 + 2)."""
    learned = usage(
        *(event("solved", name, case_id="1") for name in ("a", "b")),
        *(event("attached", name, case_id="2") for name in ("a", "b", "c")),
        event("opened", "d", case_id="2"),
    )
    assert learned.together("a") == {("b", None): 2 / 5, ("c", None): 1 / 5}


def test_articles_read_one_after_the_other():
    """Once b was opened after a, in two cases: 1 / (1 + 2)."""
    learned = usage(
        *(event("opened", name, case_id="1") for name in ("a", "b")),
        event("opened", "a", case_id="2"),
    )
    assert learned.read_next("a") == {"b": 1 / 3}


def test_half_life_must_be_positive(tmp_path):
    """0 days would divide by nothing."""
    with pytest.raises(ValueError, match="half_life_days"):
        EventStore(tmp_path / "events.sqlite", half_life_days=0)
