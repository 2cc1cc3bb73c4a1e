"""Throw-away certificates for servers on loopback, made with openssl."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]


@dataclass(frozen=True)
class Certificates:
    """A server's certificate and key, and the authority (PEM) that signed it."""

    authority: str
    certificate: Path
    key: Path


def make_certificates(folder: Path, names: str = "DNS:localhost,IP:127.0.0.1") -> Certificates:
    """Make an authority, and a certificate signed by it for these names (as openssl writes them)."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    folder.mkdir(parents=True, exist_ok=True)
    authority, authority_key = folder / "authority.pem", folder / "authority.key"
    certificate, key = folder / "server.pem", folder / "server.key"
    _sign("-subj", "/CN=Authority of a test", "-keyout", str(authority_key), "-out", str(authority))
    _sign(
        *("-CA", str(authority), "-CAkey", str(authority_key)),
        *("-subj", "/CN=Server of a test", "-keyout", str(key), "-out", str(certificate)),
        *("-addext", f"subjectAltName={names}", "-addext", "basicConstraints=critical,CA:FALSE"),
    )
    return Certificates(authority.read_text(), certificate, key)


def _sign(*options: str) -> None:
    command = ["openssl", "req", "-x509", "-days", "2", *NEW_KEY, *options]
    subprocess.run(command, check=True, capture_output=True, timeout=30)
