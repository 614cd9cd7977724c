"""The least that a page and a stream cost: one query and a template of 50 rows; events handed on as they come."""

import os
from collections.abc import Iterator
from queue import SimpleQueue
from threading import Lock, Thread

from flask import Flask, Response, render_template_string
from flask_sqlalchemy import SQLAlchemy
from redis import Redis
from sqlalchemy import text

app = Flask(__name__)
app.config["SQLALCHEMY_DATABASE_URI"] = os.environ["BARE_DATABASE"]
db = SQLAlchemy(app)
QUERY = text("SELECT code, name, work_type, division, status, estimate_amount FROM project ORDER BY code LIMIT 50")
PAGE = """<!doctype html><title>Projects</title><table>{% for row in rows %}
<tr><td>{{ row.code }}</td><td>{{ row.name }}</td><td>{{ row.work_type }}</td><td>{{ row.division }}</td>
<td>{{ row.status }}</td><td>{{ row.estimate_amount }}</td></tr>{% endfor %}</table>"""
streams: set["SimpleQueue[str]"] = set()
lock = Lock()


@app.get("/projects/")
def projects() -> str:
    """One query, fifty rows."""
    return render_template_string(PAGE, rows=db.session.execute(QUERY).all())


@app.get("/readyz")
def ready() -> str:
    """It answers."""
    return "ok"


def _pump() -> None:
    listener = Redis.from_url(os.environ["BARE_REDIS"]).pubsub(ignore_subscribe_messages=True)
    listener.subscribe("bare")
    for _message in listener.listen():
        for queue in list(streams):
            queue.put("changed")


@app.get("/live")
def live() -> Response:
    """Every message of one channel, to every stream."""
    queue: SimpleQueue[str] = SimpleQueue()
    with lock:
        if not streams:
            Thread(target=_pump, daemon=True).start()
        streams.add(queue)

    def lines() -> Iterator[str]:
        yield "event: hello\ndata: live\n\n"
        while True:
            yield f"event: bare\ndata: {queue.get()}\n\n"

    return Response(lines(), mimetype="text/event-stream")
