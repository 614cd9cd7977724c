"""A passkey in software: what a device answers to navigator.credentials, made with a key of its own (WebAuthn, 6)."""

import hashlib
import json
import os
import struct
import time
from types import SimpleNamespace

import cbor2
import pyotp
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from webauthn.helpers import bytes_to_base64url

from portal.accounts.commands import proving

PRESENT, VERIFIED, ATTESTED = 1, 4, 64


class Authenticator:
    """One device with one passkey; `verifies` when it looks at its owner, not only for a touch."""

    def __init__(self, origin="http://localhost", verifies=True):
        self.origin, self.verifies, self.counter = origin, verifies, 0
        self.key, self.id, self.user = ec.generate_private_key(ec.SECP256R1()), os.urandom(32), b""

    def create(self, options, **changed):
        """The answer to navigator.credentials.create()."""
        options = json.loads(options)
        self.user = _bytes(options["user"]["id"])
        numbers = self.key.public_key().public_numbers()
        x, y = (number.to_bytes(32, "big") for number in (numbers.x, numbers.y))
        key = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: x, -3: y})
        attested = bytes(16) + struct.pack(">H", len(self.id)) + self.id + key
        data = self._data(options["rp"]["id"], ATTESTED) + attested
        statement = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        return self._answer(
            clientDataJSON=self._client("webauthn.create", options, changed), attestationObject=statement
        )

    def get(self, options, **changed):
        """The answer to navigator.credentials.get()."""
        options = json.loads(options)
        self.counter += 1
        data, client = self._data(options["rpId"]), self._client("webauthn.get", options, changed)
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return self._answer(clientDataJSON=client, authenticatorData=data, signature=signature, userHandle=self.user)

    def _data(self, site, more=0):
        flags = PRESENT | (VERIFIED if self.verifies else 0) | more
        return hashlib.sha256(site.encode()).digest() + struct.pack(">BI", flags, self.counter)

    def _client(self, kind, options, changed):
        said = {"type": kind, "challenge": options["challenge"], "origin": self.origin, "crossOrigin": False} | changed
        return json.dumps(said).encode()

    def _answer(self, **parts):
        response = {name: bytes_to_base64url(part) for name, part in parts.items()}
        known = bytes_to_base64url(self.id)
        return json.dumps({"id": known, "rawId": known, "type": "public-key", "response": response})


def _bytes(text):
    from webauthn import base64url_to_bytes

    return base64url_to_bytes(text)


def code_of_the_step_before(secret, monkeypatch):
    """A code that is good now and leaves the present one unused; the clock of the codes stands still from here on."""
    stands = time.time()
    monkeypatch.setattr(proving, "time", SimpleNamespace(time=lambda: stands))
    return pyotp.TOTP(secret).at(int(stands) - proving.STEP_S)
