"""`make advisories`: whether a locked package has a published vulnerability; fails only where it is known to have."""

import subprocess
import sys

import msgspec

PATIENCE_S = 120


class Found(msgspec.Struct):
    """A published advisory, as pip-audit's JSON has it."""

    id: str
    fix_versions: list[str] = []


class Package(msgspec.Struct):
    """A package of the lock file: `vulns`, or why nothing is known of it."""

    name: str
    version: str = ""
    vulns: list[Found] = []
    skip_reason: str = ""


class Report(msgspec.Struct):
    """What pip-audit writes."""

    dependencies: list[Package]


def read(report: bytes) -> tuple[list[str], int, int]:
    """The vulnerabilities in words, the number of packages looked up, and of those nobody could tell of.

    Raises msgspec.DecodeError for what is no report.
    """
    packages = msgspec.json.decode(report, type=Report).dependencies
    words = [_words(package, one) for package in packages for one in package.vulns]
    unknown = sum(1 for package in packages if package.skip_reason)
    return words, len(packages) - unknown, unknown


def _words(package: Package, found: Found) -> str:
    mended = f"mended in {', '.join(found.fix_versions)}" if found.fix_versions else "not mended yet"
    return f"{package.name} {package.version}: {found.id}, {mended}"


def main(lock_file: str) -> int:
    """1 when a package has a published vulnerability; 0 when none has, or when nobody could be asked."""
    asked = [sys.executable, "-m", "pip_audit", "--disable-pip", "--require-hashes", "--progress-spinner", "off"]
    try:
        told = subprocess.run(
            [*asked, "--format", "json", "-r", lock_file], capture_output=True, timeout=PATIENCE_S, check=False
        )
        words, known, unknown = read(told.stdout)
    except (subprocess.TimeoutExpired, msgspec.DecodeError):
        print("Advisories: nobody could be asked, so nothing was checked.")
        return 0
    print(*words, sep="\n", end="\n" if words else "")
    print(f"Advisories: {len(words)} in {known} packages; {unknown} could not be looked up.")
    return int(bool(words))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
