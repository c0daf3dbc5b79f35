"""Which log it is, for ever: a topic that is made anew under the same name is another one."""

from hashlib import blake2b

from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from pipeline.errors import TransientError
from pipeline.kafka_io.security import kafka_python_security
from pipeline.settings import KafkaSettings

__all__ = ["log_identity"]

_DIGEST_BYTES = 16


def log_identity(kafka: KafkaSettings, topic: str) -> bytes:
    """Return 16 bytes that name a cluster and a topic by the ids that the cluster gave them. Blocks.

    Raises:
        TransientError: The cluster does not answer.
    """
    # Of the two clients, only this one knows the ids of topics.
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
        raise TransientError(f"the cluster did not say which {topic} it has: {error}") from error
    found = f"{cluster}\n{[found.get('topic_id') for found in described]}"
    return blake2b(found.encode(), digest_size=_DIGEST_BYTES).digest()
