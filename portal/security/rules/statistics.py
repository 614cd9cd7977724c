"""The arithmetic of the watch: tails, robust deviations, distances, networks. Each function states its source."""

import math
from collections.abc import Sequence
from ipaddress import ip_address, ip_network
from statistics import median

EARTH_KM = 6371.0088  # mean radius, IUGG
NORMAL = 1.4826  # makes the median absolute deviation estimate the standard deviation of a normal sample


def poisson_tail(least: int, mean: float) -> float:
    """P(X >= least) for a Poisson variable; summed from the small end, so that tiny chances keep their digits."""
    if least <= 0:
        return 1.0
    if mean <= 0:
        return 0.0
    if least < mean:
        return max(0.0, 1.0 - math.fsum(_poisson(count, mean) for count in range(least)))
    terms: list[float] = []
    count, term = least, _poisson(least, mean)
    while term > 0.0 and (not terms or term > terms[0] * 1e-17):
        terms.append(term)
        count += 1
        term *= mean / count
    return min(1.0, math.fsum(terms))


def _poisson(count: int, mean: float) -> float:
    return math.exp(count * math.log(mean) - mean - math.lgamma(count + 1))


def mean_and_deviation(sample: Sequence[int]) -> tuple[float, float]:
    """Mean and standard deviation (n - 1); (0, 0) of nothing."""
    if not sample:
        return 0.0, 0.0
    mean = math.fsum(sample) / len(sample)
    if len(sample) == 1:
        return mean, 0.0
    return mean, math.sqrt(math.fsum((one - mean) ** 2 for one in sample) / (len(sample) - 1))


def robust_z(value: int, sample: Sequence[int], least_spread: float) -> float:
    """How far a count lies from the median of the sample, in robust deviations (Iglewicz and Hoaglin, 1993).

    Counts are taken as log(1 + count): work comes in multiples, and a day of twice the usual is no rarity. The spread
    is 1.4826 times the median absolute deviation, and at least `least_spread`, for one who works like a clock.
    """
    logs = [math.log1p(one) for one in sample]
    middle = median(logs)
    spread = max(NORMAL * median(abs(one - middle) for one in logs), least_spread)
    return (math.log1p(value) - middle) / spread


def distance_km(here: tuple[float, float], there: tuple[float, float]) -> float:
    """Great-circle distance of two places given as latitude and longitude in degrees (haversine)."""
    (lat1, lon1), (lat2, lon2) = (tuple(map(math.radians, place)) for place in (here, there))
    half = math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return 2 * EARTH_KM * math.asin(min(1.0, math.sqrt(half)))


def network_of(address: str) -> str:
    """The /24 of an IPv4 address, the /48 of an IPv6 one; "" for what is no address. IPv4 within IPv6 is IPv4."""
    try:
        found = ip_address(address)
    except ValueError:
        return ""
    if found.version == 6 and found.ipv4_mapped:
        found = found.ipv4_mapped
    return str(ip_network((found, 24 if found.version == 4 else 48), strict=False))


def shown_chance(chance: float) -> str:
    """A chance as officers read it: 0.0002, never 2e-04."""
    return "< 0.00001" if chance < 1e-5 else f"{chance:.5f}".rstrip("0")


def shown_number(value: float) -> str:
    """Two significant digits below ten, whole above: 0.3, 4.2, 61."""
    return f"{value:.0f}" if value >= 10 else f"{value:.2g}"
