"""API keys: which of them may send articles of which sources. The file has their hashes, never the keys."""

import hashlib
import secrets
from pathlib import Path
from typing import Any, Final

import msgspec
import yaml
from msgspec import Struct

from pipeline.errors import ConfigError

__all__ = ["ApiKey", "ApiKeys", "digest", "new_key"]

_PREFIX: Final = "news_"
_KEY_BYTES: Final = 32  # 256 random bits: nothing to guess, so that a fast hash is as good as a slow one
_MAX_FILE_BYTES: Final = 4 * 1024 * 1024


class ApiKey(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A key, as the file declares it.

    Attributes:
        name: Its principal, which travels in a header of every record that it sends. No secret.
        sha256: Hash of the key, hexadecimal.
        sources: Sources whose articles it may send and withdraw; the first is that of articles that name none.
        domains: Registrable domains to which the URLs of its articles must belong; any without a list.
        records_per_sec: Articles per second on average; the setting of the service without a value.
    """

    name: str
    sha256: str
    sources: tuple[str, ...]
    domains: tuple[str, ...] = ()
    records_per_sec: float | None = None


class _KeyFile(Struct, frozen=True, forbid_unknown_fields=True):
    keys: list[ApiKey]


def new_key() -> str:
    """Return a new random key."""
    return _PREFIX + secrets.token_urlsafe(_KEY_BYTES)


def digest(key: str) -> str:
    """Return the hash of a key, as the file has it."""
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()


class ApiKeys:
    """The keys of a file, which is read again when it changes."""

    def __init__(self, path: Path) -> None:
        """Read the file.

        Raises:
            ConfigError: It cannot be read, or a key in it does not fit.
        """
        self._path = path
        self._seen: tuple[int, int] | None = None
        self._by_digest: dict[str, ApiKey] = {}
        self.refresh()

    def find(self, key: str) -> ApiKey | None:
        """Return what a key may do; None for one that is not in the file."""
        return self._by_digest.get(digest(key))

    def refresh(self) -> bool:
        """Read the file if it has changed; return whether it was read. With an error, the former keys stay valid.

        Raises:
            ConfigError: As the constructor.
        """
        try:
            status = self._path.stat()
            seen = (status.st_mtime_ns, status.st_size)
            if seen == self._seen:
                return False
            if status.st_size > _MAX_FILE_BYTES:
                raise ConfigError(f"{self._path}: larger than {_MAX_FILE_BYTES} bytes")
            found = _parsed(self._path, self._path.read_bytes())
        except OSError as error:
            raise ConfigError(f"{self._path}: {error.strerror or error} (NEWS_SOURCE_HTTP__KEYS_FILE)") from error
        self._by_digest, self._seen = found, seen
        return True


def _parsed(path: Path, content: bytes) -> dict[str, ApiKey]:
    try:
        loaded: Any = yaml.safe_load(content)
        keys = msgspec.convert(loaded, type=_KeyFile).keys
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: not YAML") from error
    except msgspec.ValidationError as error:
        raise ConfigError(f"{path}: {error}") from error
    for number, key in enumerate(keys):
        wrong = _wrong(key)
        if wrong is not None:
            raise ConfigError(f"{path}: keys[{number}] ({key.name}): {wrong}")
    found = {key.sha256.lower(): key for key in keys}
    if len(found) < len(keys):
        raise ConfigError(f"{path}: two keys have the same sha256")
    return found


def _wrong(key: ApiKey) -> str | None:
    """Return what is wrong with a key, or None."""
    if not key.name or not key.name.isascii() or not key.name.isprintable():
        return "name must be printable ASCII"
    if len(key.sha256) != 2 * hashlib.sha256().digest_size or not set(key.sha256.lower()) <= set("0123456789abcdef"):
        return "sha256 must be 64 hexadecimal digits"
    if not key.sources or not all(source.strip() for source in key.sources):
        return "sources must name at least one source"
    if key.records_per_sec is not None and not key.records_per_sec > 0:
        return "records_per_sec must be above 0"
    return None
