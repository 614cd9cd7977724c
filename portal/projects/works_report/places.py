"""Village, mandal, district and survey numbers, where the name of a work says them in the usual way."""

import re

NAME = r"([A-Z][A-Za-z.]+(?:[ -][A-Z][A-Za-z.]+)?)\s*"
VILLAGE = re.compile(NAME + r"\(\s*V(?:\s*&\s*M)?\s*\)")
MANDAL = re.compile(NAME + r"\(\s*(?:V\s*&\s*)?M\s*\)")
SURVEY = re.compile(r"\bSy\.?\s?Nos?\.?\s*((?:\d[\d/-]*(?:/?[A-Za-z]{1,2}\b)?(?:\s*(?:,|&|and|to)\s*(?=\d))?)+)")
DISTRICTS = (
    ("Ranga Reddy", r"\bR\.?R\.? ?(?:Dist|District)|\bRanga ?reddy\b|\bR\.?R\.? Dist"),
    ("Medchal-Malkajgiri", r"\bMedchal"),
    ("Sangareddy", r"\bSanga ?reddy\b"),
    ("Yadadri Bhuvanagiri", r"\bYadadri\b|\bBhu?vanagiri\b"),
    ("Vikarabad", r"\bVikarabad\b"),
    ("Siddipet", r"\bSiddipet\b"),
    ("Medak", r"\bMedak\b"),
    ("Hyderabad", r"\bHyd(?:erabad)?\b"),
)


def read_places(work: str) -> dict[str, str]:
    """Only what stands there; an officer completes the rest."""
    village, mandal, survey = VILLAGE.search(work), MANDAL.search(work), SURVEY.search(work)
    district = next((name for name, words in DISTRICTS if re.search(words, work, re.IGNORECASE)), "")
    return {
        "village": village[1] if village else "",
        "mandal": mandal[1] if mandal else "",
        "district": district,
        "survey_numbers": survey[1].strip(" ,&") if survey else "",
    }
