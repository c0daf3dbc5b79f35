"""Control records of the signature log: all workers apply them at the same offset."""

from typing import Any

from kafka.errors import KafkaError

from pipeline.domain.signature import Activate
from pipeline.errors import ContractError, TransientError
from pipeline.ops.clients import consumer, raw_producer
from pipeline.ops.dedup_logs import bounds_of
from pipeline.settings import KafkaSettings
from pipeline.wire.catalogue import SIGNATURES, Catalogue
from pipeline.wire.output import Encoder, OutputRecord

__all__ = ["append_control", "begin_log"]

_TIMEOUT_SECS = 30.0


def append_control(producer: Any, catalogue: Catalogue, record: Activate) -> int:
    """Append a control record, wait for the acknowledgement, and return its offset.

    Raises:
        TransientError: No acknowledgement came in time; the record may have been appended nevertheless.
    """
    output = Encoder(catalogue).log_record(record, 0)
    if not isinstance(output, OutputRecord):
        raise ContractError(f"the control record does not fit the log: {output.detail}")
    try:
        # Without a timestamp: the topic has LogAppendTime, and a broker that ignores that gets the present time.
        sent = producer.send(output.topic, output.value, partition=0, headers=list(output.headers))
        return int(sent.get(_TIMEOUT_SECS).offset)
    except KafkaError as error:
        raise TransientError(f"the brokers did not acknowledge the control record: {error}") from error


def begin_log(kafka: KafkaSettings, catalogue: Catalogue, record: Activate) -> bool:
    """Put a version in force in a signature log that has no record yet; return whether it had none.

    Raises:
        ConfigError: The log is not on the cluster.
        TransientError: As `append_control`.
    """
    with consumer(kafka, group_id=None, enable_auto_commit=False) as client:
        if bounds_of(client, catalogue, "signatures").end > 0:
            return False
    with raw_producer(kafka, catalogue.topic(SIGNATURES)) as producer:
        append_control(producer, catalogue, record)
    return True
