"""A fact for tests of the machinery."""

from dataclasses import dataclass

from portal.core.events import Event


@dataclass(frozen=True, kw_only=True)
class Renamed(Event):
    """A record got another name."""

    topic = "hmda.test.record.renamed"
    says = "Renamed to {name}."
    name: str
