"""The portfolio page with 1,000 projects, asked for by 32 clients, against the least such a page can cost."""

from bench.load import drive
from bench.report import figure, heading
from bench.running import add_projects, app, bare, cookies, portal

WORKERS = 2


def measure() -> None:
    """Requests per second and the 95th percentile of both, one after the other on the same machine."""
    heading("Portfolio page, 1,000 projects, 32 clients")
    with portal(WEB_WORKERS=str(WORKERS)) as running:
        with app().app_context():
            add_projects(1_000)
        ours = drive(running.own.port, "/projects/", cookies(running.browser("ee")))
        with bare(running, WORKERS) as port:
            least = drive(port, "/projects/", "")
    figure("requests a second", ours.per_second, "/s", baseline=least.per_second, aim="ratio at least 0.5")
    figure("median", ours.p50_ms, "ms", baseline=least.p50_ms)
    figure("95th percentile", ours.p95_ms, "ms", baseline=least.p95_ms)
