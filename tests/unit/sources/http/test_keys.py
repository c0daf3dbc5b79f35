"""API keys: hashes in a file that is read again, and errors that say where."""

import os
from pathlib import Path

import pytest

from pipeline.errors import ConfigError
from pipeline.sources.http.keys import ApiKeys, digest, new_key

ENTRY = """\
keys:
  - name: harbour
    sha256: {hash}
    sources: [Harbour Gazette]
"""


def write(path: Path, text: str, time_ns: int) -> None:
    path.write_text(text)
    os.utime(path, ns=(time_ns, time_ns))


def test_a_key_is_found_by_its_hash_and_revoked_without_a_restart(tmp_path: Path) -> None:
    path, key = tmp_path / "keys.yaml", new_key()
    write(path, ENTRY.format(hash=digest(key)), 1)
    keys = ApiKeys(path)
    found = keys.find(key)
    assert found is not None
    assert (found.name, found.sources) == ("harbour", ("Harbour Gazette",))
    assert key not in path.read_text()
    assert keys.find(digest(key)) is None
    assert keys.find("") is None
    assert not keys.refresh()
    write(path, ENTRY.format(hash=digest(new_key())), 2)
    assert keys.refresh()
    assert keys.find(key) is None


def test_a_wrong_file_keeps_the_former_keys(tmp_path: Path) -> None:
    path, key = tmp_path / "keys.yaml", new_key()
    write(path, ENTRY.format(hash=digest(key)), 1)
    keys = ApiKeys(path)
    write(path, "keys: [", 2)
    with pytest.raises(ConfigError, match="not YAML"):
        keys.refresh()
    assert keys.find(key) is not None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("keys: 5", "Expected `array`"),
        ("", "Expected `object`"),
        (ENTRY.format(hash="abc"), r"keys\[0\] \(harbour\): sha256"),
        (ENTRY.format(hash="a" * 64).replace("[Harbour Gazette]", "[]"), "sources"),
        (ENTRY.format(hash="a" * 64).replace("harbour\n", '"a\\nb"\n'), "printable"),
        (ENTRY.format(hash="a" * 64) + "    surprise: 1\n", "surprise"),
        (ENTRY.format(hash="a" * 64) + "    records_per_sec: 0\n", "records_per_sec"),
        (ENTRY.format(hash="a" * 64) + ENTRY.format(hash="a" * 64).removeprefix("keys:\n"), "same sha256"),
    ],
)
def test_what_is_wrong_in_a_file_is_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "keys.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=message):
        ApiKeys(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="KEYS_FILE"):
        ApiKeys(tmp_path / "none.yaml")
