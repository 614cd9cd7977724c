"""`make bench`: each figure beside its baseline of the same run. `make bench ONLY="portfolio live"` measures some."""

import subprocess
import sys
from importlib import import_module

MEASURES = ("portfolio", "boq", "live", "dpr", "sign_in", "audit", "rights")


def main() -> None:
    """Every measure in a process of its own, so that none warms or burdens another."""
    if len(sys.argv) == 3 and sys.argv[1] == "--here":
        import_module(f"bench.{sys.argv[2]}").measure()
        return
    wanted = sys.argv[1:] or MEASURES
    unknown = set(wanted) - set(MEASURES)
    if unknown:
        sys.exit(f"There is no measure {', '.join(sorted(unknown))}; there are {', '.join(MEASURES)}.")
    apart = [sys.executable, "-m", "bench", "--here"]
    failed = [name for name in wanted if subprocess.run([*apart, name], check=False).returncode]
    if failed:
        sys.exit(f"Not measured: {', '.join(failed)}")


if __name__ == "__main__":
    main()
