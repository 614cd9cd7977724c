"""One subscription a process, told on to every stream that is open."""

import threading
import time

from portal.core.live import Switchboard, announce


def test_a_switchboard_forgets_who_left(redis):
    board = Switchboard()
    queue = board.open(redis, ["a", "b"])
    board.close(queue, ["a", "b"])
    assert not board.streams


def test_five_hundred_streams_hear_one_announcement(app, redis):
    board = Switchboard()
    with app.app_context():
        queues = [board.open(redis, ["a-topic"]) for _ in range(500)]
        time.sleep(0.3)
        announce("a-topic")
        assert {queue.get(timeout=2) for queue in queues} == {"a-topic"}
    assert threading.active_count() < 20
