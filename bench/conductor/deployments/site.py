"""Where a deployment stands: its port, a folder of its own, and the certificate where it speaks TLS."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.conductor.deployments.certificate import CERTIFICATE, KEY, RunCertificate
from bench.conductor.deployments.exchange import HOST
from bench.errors import ServerFailed
from bench.servers import Certificate, Port


@dataclass(frozen=True)
class Site:
    """A port of 127.0.0.1, the path of a folder that is not there yet, and perhaps a certificate."""

    port: int
    folder: Path
    certificate: RunCertificate | None = None

    @property
    def address(self) -> Port:
        """Where the deployment listens."""
        return Port(HOST, self.port)

    @property
    def certificate_files(self) -> Certificate:
        """Where certificate and key are going to be, where there is one."""
        return Certificate(str(self.folder / CERTIFICATE), str(self.folder / KEY))

    def prepare(self, files: Mapping[str, str]) -> None:
        """Make the folder and what belongs into it. Raises ServerFailed where a file would lie outside."""
        self.folder.mkdir(parents=True)
        if self.certificate is not None:
            self.certificate.write_to(self.folder)
        for name, content in files.items():
            path = (self.folder / name).resolve()
            if not path.is_relative_to(self.folder.resolve()):
                raise ServerFailed(
                    f"the server wants to write {name}, which is outside of its folder",
                    "correct the server's module: files are named by their path within the folder",
                )
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
