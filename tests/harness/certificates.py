"""Certificates for brokers and clients of a test, made by openssl."""

import subprocess
from pathlib import Path

from tests.harness.tools import program

__all__ = ["make_certificates"]


def make_certificates(files: Path) -> None:
    """Make a certificate authority and three certificates: for a broker on 127.0.0.1, another host, and a client."""
    _openssl(files, "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=ca -keyout ca.key -out ca.pem")
    here, elsewhere = "IP:127.0.0.1,DNS:localhost", "DNS:elsewhere.example"
    for who, names in (("server", here), ("elsewhere", elsewhere), ("client", here)):
        (files / "names").write_text(f"subjectAltName={names}\n")
        _openssl(files, f"req -newkey rsa:2048 -nodes -subj /CN={who} -keyout {who}.key -out {who}.csr")
        signing = f"x509 -req -in {who}.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names"
        _openssl(files, f"{signing} -out {who}.pem")
        (files / f"{who}.both").write_text((files / f"{who}.key").read_text() + (files / f"{who}.pem").read_text())


def _openssl(files: Path, arguments: str) -> None:
    command = [program("openssl", "openssl"), *arguments.split()]
    subprocess.run(command, cwd=files, capture_output=True, check=True)
