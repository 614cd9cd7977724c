"""`make vendor`: fetch what others wrote for the browser, trim it to what is used, and list it with hashes.

Needs npm on the machine of whoever refreshes the files; the portal and its tests need none.
"""

import hashlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

from portal.config import ROOT

LISTING = ROOT / "static" / "vendor" / "VENDORED.md"
PURGE = "purgecss@8.0.0"
# What of Tabler is used: its ground rules for these elements, and the parts with these classes. Add a word to use more.
KEEP = """
html body a p h1 h2 h3 h4 hr ul ol li dl dt dd b strong i em small sub sup code pre kbd samp abbr mark img svg figure
table caption thead tbody tfoot tr th td label button input select option optgroup textarea fieldset legend output
progress summary details dialog address blockquote
btn btn-primary btn-danger btn-sm btn-link form-control form-select form-label form-hint form-check form-check-input
form-check-label input-group input-group-text is-invalid visually-hidden visually-hidden-focusable
"""


@dataclass(frozen=True)
class Package:
    """One package of the npm registry and the files of it that are kept: path in the package → path here."""

    name: str
    version: str
    licence: str
    files: dict[str, str]


PACKAGES = (
    Package(
        "htmx.org",
        "4.0.1",
        "0BSD",
        {
            "dist/htmx.min.js": "static/vendor/htmx.min.js",
            "dist/ext/hx-sse.min.js": "static/vendor/hx-sse.min.js",
            "LICENSE": "static/vendor/LICENSE-htmx.txt",
        },
    ),
    Package("@tabler/core", "1.6.1", "MIT", {"dist/css/tabler.min.css": "static/vendor/tabler.css"}),
    Package(
        "axe-core",
        "4.14.1",
        "MPL-2.0",
        {
            "axe.min.js": "tests/browser/vendor/axe.min.js",
            "LICENSE": "tests/browser/vendor/LICENSE-axe-core.txt",
            "LICENSE-3RD-PARTY.txt": "tests/browser/vendor/LICENSE-axe-core-3RD-PARTY.txt",
        },
    ),
)


def main() -> None:
    """Fetch every package, keep its files, and write the list."""
    if shutil.which("npm") is None:
        sys.exit("npm is missing: it fetches the files from the registry. On Debian: apt install npm")
    with tempfile.TemporaryDirectory() as folder:
        for package in PACKAGES:
            _keep(package, Path(folder))
        _trim(ROOT / "static" / "vendor" / "tabler.css", Path(folder))
    LISTING.write_text(listing())


def _npm(*words: str, folder: Path) -> str:
    done = subprocess.run(["npm", "--silent", *words], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"npm {words[0]} failed: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout.strip()


def _keep(package: Package, folder: Path) -> None:
    """npm checks the archive against the registry's own hash before it hands it over."""
    archive = folder / _npm("pack", f"{package.name}@{package.version}", folder=folder).splitlines()[-1]
    with tarfile.open(archive) as packed:
        for inside, outside in package.files.items():
            content = packed.extractfile(f"package/{inside}")
            if content is None:
                sys.exit(f"{package.name} {package.version} has no file {inside}.")
            target = ROOT / outside
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(_without_map(content.read()))


def _without_map(content: bytes) -> bytes:
    """Source maps are not kept, so nothing may point to them."""
    kept = [line for line in content.splitlines() if b"sourceMappingURL=" not in line]
    return b"\n".join(kept).rstrip() + b"\n"


def _trim(sheet: Path, folder: Path) -> None:
    """Leave out the rules, variables and key frames that no word of KEEP asks for."""
    (folder / "keep.html").write_text(KEEP)
    options = ["--css", str(sheet), "--content", "keep.html", "--variables", "--keyframes", "--font-face"]
    _npm("exec", "--yes", f"--package={PURGE}", "--", "purgecss", *options, "--output", str(sheet), folder=folder)


def listing() -> str:
    """The list of vendored files as a table."""
    rows = [
        f"| `{outside}` | {package.name} {package.version} | {package.licence} | `{_sha256(ROOT / outside)}` |"
        for package in PACKAGES
        for outside in package.files.values()
    ]
    head = (
        "# Files of other projects\n\nWritten by `make vendor` (portal/local/vendor.py); do not edit them here.\n"
        f"`tabler.css` is trimmed with {PURGE}; the words kept are in portal/local/vendor.py.\n\n"
        "| File | From | Licence | SHA-256 |\n| --- | --- | --- | --- |\n"
    )
    return head + "\n".join(rows) + "\n"


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    main()
