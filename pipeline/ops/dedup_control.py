"""Control records in the log of signatures: what every worker takes at the same offset."""

from typing import Any

from kafka.errors import KafkaError

from pipeline.domain.signature import Activate
from pipeline.errors import ContractError, TransientError
from pipeline.wire.catalogue import Catalogue
from pipeline.wire.output import Encoder, OutputRecord

__all__ = ["append_control"]

_TIMEOUT_SECS = 30.0


def append_control(producer: Any, catalogue: Catalogue, record: Activate) -> int:
    """Append a control record and return its offset, once the brokers have it.

    Raises:
        TransientError: They did not say in time that they have it; it may be there all the same.
    """
    output = Encoder(catalogue).log_record(record, 0)
    if not isinstance(output, OutputRecord):
        raise ContractError(f"the control record does not fit the log: {output.detail}")
    try:
        # No timestamp: the topic says LogAppendTime, and where a broker does not, it is now.
        sent = producer.send(output.topic, output.value, partition=0, headers=list(output.headers))
        return int(sent.get(_TIMEOUT_SECS).offset)
    except KafkaError as error:
        raise TransientError(f"the brokers did not take the control record: {error}") from error
