"""The certificate of a run: made for it, signed by an authority of its own, and worth nothing afterwards."""

from dataclasses import dataclass
from pathlib import Path

import trustme

from bench.conductor.deployments.exchange import HOST
from bench.load.target import Tls

CERTIFICATE, KEY = "certificate.pem", "key.pem"
"""The names of the two files in a deployment's folder."""


@dataclass(frozen=True)
class RunCertificate:
    """A certificate for loopback and its key, both PEM, and the authority by which it is checked.

    All deployments of a run have the same, so that no handshake costs one of them more than another.
    """

    certificate: bytes
    key: bytes
    authority: str

    @property
    def tls(self) -> Tls:
        """How to speak TLS with who proves to have it."""
        return Tls(HOST, authorities=self.authority)

    def write_to(self, folder: Path) -> None:
        """Write certificate and key into this folder, the key for the owner's eyes alone."""
        (folder / CERTIFICATE).write_bytes(self.certificate)
        key = folder / KEY
        key.touch(mode=0o600)
        key.write_bytes(self.key)


def make_certificate() -> RunCertificate:
    """A new authority, and a certificate (ECDSA P-256) that it signed for loopback."""
    authority = trustme.CA(key_type=trustme.KeyType.ECDSA)
    issued = authority.issue_cert(HOST, "localhost", key_type=trustme.KeyType.ECDSA)
    chain = b"".join(pem.bytes() for pem in issued.cert_chain_pems)
    return RunCertificate(chain, issued.private_key_pem.bytes(), authority.cert_pem.bytes().decode("ascii"))
