"""A certificate for one run: self-signed, so that it is also the authority that proves it."""

from dataclasses import dataclass
from pathlib import Path

from benchmarks.stage import Stage
from benchmarks.tools import end_of, find

CERTIFIED_NAME = "localhost"
_PATIENCE_S = 10.0


@dataclass(frozen=True)
class Certificate:
    """The files of a certificate for `localhost` and 127.0.0.1, and of its key, both PEM."""

    path: Path
    key: Path


def new_certificate(stage: Stage) -> Certificate:
    """Have the openssl command make one, in the stage's folder, valid for a day.

    Raises InputError where the command is not installed, GeneratorFailed where it ends badly.
    """
    certificate = Certificate(stage.folder / "certificate.pem", stage.folder / "key.pem")
    command = (
        find("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
        "-noenc", "-days", "1", "-subj", f"/CN={CERTIFIED_NAME}",
        "-addext", f"subjectAltName=DNS:{CERTIFIED_NAME},IP:127.0.0.1",
        "-addext", "keyUsage=critical,digitalSignature,keyCertSign",
        "-keyout", str(certificate.key), "-out", str(certificate.path),
    )  # fmt: skip
    end_of(stage, command, timeout_s=_PATIENCE_S)
    return certificate
