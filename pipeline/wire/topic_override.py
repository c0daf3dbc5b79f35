"""Values of the catalogue that differ on one cluster, from a file of its own: partitions, copies, retention.

Names, schemas, sizes of messages and timestamps are not among them: programs rely on these.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import msgspec
import yaml
from msgspec import Meta, Struct

from pipeline.errors import ConfigError
from pipeline.wire.catalogue import REPLAYS, Catalogue, TopicSpec

__all__ = ["TopicOverride", "TopicValues", "read_override"]

Positive = Annotated[int, Meta(ge=1)]


class TopicValues(Struct, frozen=True, forbid_unknown_fields=True):
    """Values of one topic; None leaves that of the catalogue. Only dead letters may have any number of partitions."""

    retention_hours: Positive | None = None
    partitions: Positive | None = None


class TopicOverride(Struct, frozen=True, forbid_unknown_fields=True):
    """The content of the file. `topics` is by the name in the catalogue, without a prefix."""

    article_partitions: Positive | None = None
    replication_factor: Positive | None = None
    min_in_sync_replicas: Positive | None = None
    topics: dict[str, TopicValues] = {}

    def applied_to(self, catalogue: Catalogue, window_hours: float) -> Catalogue:
        """Return the catalogue with these values.

        Args:
            catalogue: With or without a prefix.
            window_hours: The longest window of deduplication. The logs must be kept for longer.

        Raises:
            ConfigError: The values do not fit the catalogue; one line for each.
        """
        copies = self.replication_factor or catalogue.replication_factor
        in_sync = self.min_in_sync_replicas or min(catalogue.min_in_sync_replicas, copies)
        changed = msgspec.structs.replace(
            catalogue,
            article_partitions=self.article_partitions or catalogue.article_partitions,
            replication_factor=copies,
            min_in_sync_replicas=in_sync,
            topics=tuple(self._changed(spec, spec.name.removeprefix(catalogue.prefix)) for spec in catalogue.topics),
        )
        complaints = [*self._unknown(catalogue), *_complaints(changed, window_hours, self)]
        if complaints:
            raise ConfigError("\n".join(f"override of topics: {one}" for one in complaints))
        return changed

    def _changed(self, spec: TopicSpec, name: str) -> TopicSpec:
        values = self.topics.get(name, TopicValues())
        return msgspec.structs.replace(
            spec,
            retention_hours=values.retention_hours or spec.retention_hours,
            partitions=values.partitions or spec.partitions,
        )

    def _unknown(self, catalogue: Catalogue) -> Iterator[str]:
        known = {spec.name.removeprefix(catalogue.prefix): spec for spec in catalogue.topics}
        for name, values in self.topics.items():
            if name not in known:
                yield f"there is no topic {name}"
            elif values.partitions is not None and known[name].kind != "dead_letter":
                free = "`article_partitions` is for all of them" if known[name].kind == "article" else "it is fixed"
                yield f"{name}: partitions: {free}"
            elif values.retention_hours is not None and known[name].retention_hours is None:
                yield f"{name}: retention_hours: the topic is compacted and keeps its records"


def _complaints(catalogue: Catalogue, window_hours: float, override: TopicOverride) -> Iterator[str]:
    if catalogue.min_in_sync_replicas > catalogue.replication_factor:
        yield f"min_in_sync_replicas {catalogue.min_in_sync_replicas} exceeds replication_factor"
    letters = [spec.retention_hours or 0 for spec in catalogue.topics if spec.kind == "dead_letter"]
    for spec in catalogue.topics:
        kept, name = spec.retention_hours, spec.name.removeprefix(catalogue.prefix)
        if kept is None or name not in override.topics:
            continue
        if spec.kind == "log" and kept <= window_hours:
            yield f"{name}: retention_hours {kept}: workers read back {window_hours:g} hours of it when they start"
    ledger = catalogue.topic(REPLAYS)
    if ledger.retention_hours is not None and ledger.retention_hours < max(letters):
        yield (
            f"{REPLAYS}: retention_hours {ledger.retention_hours} is less than the {max(letters)} of dead letters, "
            "which could be sent back twice"
        )


def read_override(path: Path) -> TopicOverride:
    """Read the file.

    Raises:
        ConfigError: It cannot be read, or is not of this form.
    """
    try:
        return msgspec.convert(yaml.safe_load(path.read_text("utf-8")) or {}, TopicOverride)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    except (msgspec.ValidationError, yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: {error}") from error
