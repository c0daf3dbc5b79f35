"""Tokens of an OAuth token endpoint by the grant of client credentials (RFC 6749, section 4.4)."""

import base64
import http.client
import json
import ssl
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from msgspec import Struct

from pipeline.errors import ConfigError, TransientError
from pipeline.kafka_io.token import Token
from pipeline.settings import OAuthSettings

__all__ = ["RequestParams", "client_credentials"]

_MOST_BYTES = 1 << 20  # of an answer; a token has a few thousand


class RequestParams(Struct, frozen=True):
    """How an endpoint is asked: the limit of a request, and the life of a token whose answer does not tell it."""

    timeout_secs: float = 10.0
    default_life_secs: float = 300.0  # `expires_in` is only recommended; issuers choose 5 minutes to a day


DEFAULTS = RequestParams()


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A redirect would send the secret to another address."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def client_credentials(settings: OAuthSettings, params: RequestParams = DEFAULTS) -> Token:
    """Ask for a token; the client authenticates with HTTP Basic, which every endpoint must support.

    Raises:
        ConfigError: The endpoint refuses the client or the scope, or its certificate is not trusted.
        TransientError: The endpoint did not answer, or answered with an error of its own.
    """
    where = urlsplit(settings.token_url or "").netloc
    try:
        with _opener(settings).open(_request(settings), timeout=params.timeout_secs) as response:
            answer = response.read(_MOST_BYTES)
    except urllib.error.HTTPError as error:
        with error:
            raise _refusal(where, error) from error
    except urllib.error.URLError as error:
        if isinstance(error.reason, ssl.SSLCertVerificationError):
            raise ConfigError(f"token endpoint {where}: its certificate is not trusted") from error
        raise TransientError(f"token endpoint {where} did not answer: {_cause(error.reason)}") from error
    except (OSError, http.client.HTTPException) as error:
        raise TransientError(f"token endpoint {where} did not answer: {_cause(error)}") from error
    return _token(where, answer, params)


def _opener(settings: OAuthSettings) -> urllib.request.OpenerDirector:
    try:
        context = ssl.create_default_context(cafile=str(settings.ca_file) if settings.ca_file else None)
    except OSError as error:
        raise ConfigError(f"oauth ca_file {settings.ca_file}: {_cause(error)}") from error
    return urllib.request.build_opener(urllib.request.HTTPSHandler(context=context), _NoRedirects())


def _request(settings: OAuthSettings) -> urllib.request.Request:
    secret = settings.client_secret.get_secret_value() if settings.client_secret is not None else ""
    # RFC 6749, section 2.3.1: both parts are form-encoded before they are joined.
    basic = f"{quote(settings.client_id or '', safe='')}:{quote(secret, safe='')}"
    form = {"grant_type": "client_credentials", **({"scope": settings.scope} if settings.scope else {})}
    return urllib.request.Request(  # noqa: S310  # the settings accept https, and http on this machine
        settings.token_url or "",
        data=urlencode(form).encode(),
        headers={
            "Authorization": "Basic " + base64.b64encode(basic.encode()).decode(),
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "application/json",
        },
        method="POST",
    )


def _refusal(where: str, error: urllib.error.HTTPError) -> ConfigError | TransientError:
    """Return what a status means. Only the error code of the answer is quoted, which is a word of the standard."""
    if error.code in (408, 425, 429) or error.code >= 500:
        return TransientError(f"token endpoint {where} answered {error.code}")
    code = _fields(error.read(_MOST_BYTES)).get("error")
    word = code if isinstance(code, str) and code.replace("_", "").isalpha() and len(code) < 50 else error.reason
    return ConfigError(f"token endpoint {where} refused the client: {error.code} {word}")


def _token(where: str, answer: bytes, params: RequestParams) -> Token:
    fields = _fields(answer)
    text, life = fields.get("access_token"), fields.get("expires_in", params.default_life_secs)
    try:
        life_secs = float(life)  # some endpoints answer with text
    except (TypeError, ValueError):
        life_secs = params.default_life_secs
    if not isinstance(text, str) or not text or not text.isascii() or not text.isprintable():
        raise ConfigError(f"token endpoint {where} answered without a token; is it the address of the endpoint?")
    return Token(text, life_secs)


def _fields(answer: bytes) -> dict[str, Any]:
    try:
        found = json.loads(answer)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _cause(error: object) -> str:
    return getattr(error, "strerror", None) or type(error).__name__
