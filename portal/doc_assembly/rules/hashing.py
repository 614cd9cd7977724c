"""Hashes that name contents (doc-assembly section 9)."""

import hashlib
import json
import unicodedata
from collections.abc import Mapping
from typing import Any


def canonical(value: Any) -> bytes:
    """Canonical JSON: UTF-8, NFC, keys sorted, no spaces."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return unicodedata.normalize("NFC", text).encode()


def sha256(content: bytes) -> str:
    """Lower-case hex."""
    return hashlib.sha256(content).hexdigest()


def leaf_of(content: Any) -> str:
    """The leaf of a section: the hash of its resolved content."""
    return sha256(canonical(content))


def content_hash(leaves: Mapping[str, str]) -> str:
    """SHA-256 over lines "code|leaf\\n" sorted by code in byte order; what is printed around them is not in it."""
    by_code = sorted((code.encode(), leaf.encode()) for code, leaf in leaves.items())
    return sha256(b"".join(code + b"|" + leaf + b"\n" for code, leaf in by_code))


def dpr_number(project_code: str, label: str) -> str:
    """INFRA-RT-2025-042-C1/DPR/S2"""
    return f"{project_code}/DPR/{label}"
