"""How a figure is printed: what, how much, beside what, and the aim it is held to."""

import statistics
from collections.abc import Sequence


def heading(text: str) -> None:
    """The title of a measure."""
    print(f"\n{text}\n{'-' * len(text)}", flush=True)


def figure(what: str, value: float, unit: str, *, baseline: float | None = None, aim: str = "") -> None:
    """One line; the ratio is this figure over its baseline."""
    line = f"{what:<44} {value:>10.2f} {unit:<8}"
    if baseline:
        line += f" baseline {baseline:>10.2f}   ratio {value / baseline:>6.2f}"
    print(f"{line}   {f'aim: {aim}' if aim else ''}".rstrip(), flush=True)


def percentile(values: Sequence[float], percent: int) -> float:
    """The value that `percent` of all are not above."""
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1] if len(values) > 1 else values[0]
