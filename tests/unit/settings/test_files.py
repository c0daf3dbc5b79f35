"""Files and directories that settings name are looked for before a worker needs them."""

from pathlib import Path

from pipeline.settings import DedupSettings, KafkaSettings, Settings, missing_files


def settings(directory: Path, **files: Path) -> Settings:
    kafka = KafkaSettings(security_protocol="SSL", ssl_ca_file=files.pop("ca", None))
    return Settings(kafka=kafka, dedup=DedupSettings(snapshot_dir=directory), **files)  # type: ignore[arg-type]


def test_what_is_there_is_no_complaint(tmp_path: Path) -> None:
    authority = tmp_path / "ca.pem"
    authority.write_text("")
    assert missing_files(settings(tmp_path / "made" / "later", ca=authority)) == []
    assert missing_files(Settings()) == []


def test_each_missing_file_is_named_by_its_variable(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.write_text("")
    found = missing_files(settings(plain / "below", ca=tmp_path / "none.pem", boilerplate_file=tmp_path))
    assert found == [
        f"NEWS_BOILERPLATE_FILE: {tmp_path} is a directory",
        f"NEWS_KAFKA__SSL_CA_FILE: there is no file {tmp_path / 'none.pem'}",
        f"NEWS_DEDUP__SNAPSHOT_DIR: {plain} is not a directory",
    ]
