"""The identity of a log: a topic that is deleted and created again under the same name is a different log."""

from hashlib import blake2b

from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from pipeline.errors import TransientError
from pipeline.kafka_io.security import kafka_python_security
from pipeline.settings import KafkaSettings

__all__ = ["log_identity"]

_DIGEST_BYTES = 16  # 128 bits: two clusters or topics collide with negligible probability


def log_identity(kafka: KafkaSettings, topic: str) -> bytes:
    """Return a 16-byte digest of the cluster's id and the topic's id. Blocks for a few requests.

    Args:
        kafka: Servers and security.
        topic: Full name of the topic.

    Raises:
        TransientError: The cluster cannot be reached.
    """
    # kafka-python, because aiokafka's admin client does not return the ids of topics.
    try:
        admin = KafkaAdminClient(
            bootstrap_servers=list(kafka.servers), client_id=kafka.client_id, **kafka_python_security(kafka)
        )
        try:
            cluster = admin.describe_cluster().get("cluster_id")
            described = admin.describe_topics([topic])
        finally:
            admin.close()
    except KafkaError as error:
        raise TransientError(f"cannot read the id of topic {topic} from the cluster: {error}") from error
    found = f"{cluster}\n{[found.get('topic_id') for found in described]}"
    return blake2b(found.encode(), digest_size=_DIGEST_BYTES).digest()
