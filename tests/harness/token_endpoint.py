"""A token endpoint on loopback: client credentials, signed JSON Web Tokens, and the keys for a broker to check them."""

import base64
import json
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote

from tests.harness.tools import program

__all__ = ["AUDIENCE", "TokenEndpoint", "token_endpoint"]

AUDIENCE = "kafka"


class TokenEndpoint:
    """Tells clients apart by HTTP Basic; `answer` replaces the regular answer with a status and a body."""

    def __init__(self, files: Path, client: str, secret: str) -> None:
        """Make a key. `life_secs` is the life of tokens, `asked` counts requests, `forms` has their fields."""
        self._key = files / "token.key"
        self._openssl("genpkey", "-algorithm", "RSA", "-out", str(self._key))
        self.client, self.secret = client, secret
        self.life_secs = 600.0
        self.answer: tuple[int, bytes] | None = None
        self.headers: dict[str, str] = {}
        self.forms: list[dict[str, str]] = []
        self.url = ""

    @property
    def asked(self) -> int:
        """The number of requests so far."""
        return len(self.forms)

    def keys(self) -> bytes:
        """Return the public key as a JSON Web Key Set."""
        shown = self._openssl("rsa", "-in", str(self._key), "-noout", "-modulus").decode()
        modulus = bytes.fromhex(shown.strip().partition("=")[2])
        key = {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": "test", "n": _encoded(modulus), "e": "AQAB"}
        return json.dumps({"keys": [key]}).encode()

    def token(self, subject: str) -> str:
        """Return a signed token."""
        now = time.time()
        claims = {"sub": subject, "aud": AUDIENCE, "iat": int(now), "exp": int(now + self.life_secs), "scope": "all"}
        parts = ({"alg": "RS256", "kid": "test", "typ": "JWT"}, claims)
        signed = ".".join(_encoded(json.dumps(part).encode()) for part in parts)
        signature = self._openssl("dgst", "-sha256", "-sign", str(self._key), given=signed.encode())
        return f"{signed}.{_encoded(signature)}"

    def respond(self, authorization: str, form: dict[str, str]) -> tuple[int, bytes]:
        """Return status and body for a request."""
        self.forms.append(form)
        if self.answer is not None:
            return self.answer
        scheme, _, value = authorization.partition(" ")
        who = tuple(unquote(part) for part in base64.b64decode(value).decode().split(":"))
        if scheme != "Basic" or who != (self.client, self.secret):
            return 401, b'{"error": "invalid_client", "error_description": "see the secret %s"}' % value.encode()
        if form["grant_type"] != "client_credentials":
            return 400, b'{"error": "unsupported_grant_type"}'
        fields: dict[str, Any] = {"access_token": self.token(self.client), "expires_in": self.life_secs}
        return 200, json.dumps({**fields, "token_type": "Bearer"}).encode()

    def _openssl(self, *arguments: str, given: bytes = b"") -> bytes:
        command = [program("openssl", "openssl"), *arguments]
        return subprocess.run(command, input=given, capture_output=True, check=True).stdout


def _encoded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


@contextmanager
def token_endpoint(files: Path, client: str, secret: str) -> Iterator[TokenEndpoint]:
    """Serve an endpoint: `POST /token`, and `GET /keys` for brokers."""
    endpoint = TokenEndpoint(files, client, secret)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            self._send(*endpoint.respond(self.headers["Authorization"], form))

        def do_GET(self) -> None:
            self._send(200, endpoint.keys())

        def _send(self, status: int, body: bytes) -> None:
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **endpoint.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Keep the requests out of the test's output."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        endpoint.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield endpoint
        finally:
            server.shutdown()
            thread.join()
