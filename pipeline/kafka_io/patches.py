"""The internals of faust, mode and aiokafka that this package relies on, and the one place that installs overrides.

The three libraries are pinned exactly, because hardly any of these names is part of their public interface.
`tests/unit/kafka_io/test_patches.py` compares every row of `INTERNALS` with the installed libraries, and checks that
this package uses no private name without a row. To raise a version, change it here and in `pyproject.toml`, read what
the library changed in the rows that fail, adapt the overrides, and record the new fingerprints in the test.
"""

from importlib.metadata import PackageNotFoundError, version
from typing import Literal, NamedTuple

from pipeline.errors import ConfigError
from pipeline.kafka_io.fetching import install_record_reader
from pipeline.kafka_io.receive_progress import install_patient_reading
from pipeline.kafka_io.reconnects import install_reconnect_pauses
from pipeline.kafka_io.record_batches import install_record_batches
from pipeline.kafka_io.token_refusal import install_token_refusal

__all__ = ["INTERNALS", "PINNED_VERSIONS", "Internal", "install_patches"]

PINNED_VERSIONS = {"aiokafka": "0.14.0", "faust-streaming": "0.15.3", "mode-streaming": "0.7.1"}
"""Version of each distribution whose internals are used; `pyproject.toml` pins the same ones, which a test compares."""

_Use = Literal["replaced", "overridden", "called", "attribute"]


class Internal(NamedTuple):
    """One name of a library on which this package depends beyond the library's public interface.

    Attributes:
        name: `module:attribute` or `module:Class.attribute`, as found in the library.
        use: `replaced`: `install_patches` assigns our object to this name. `overridden`: a subclass of ours defines
            the method. `called`: we call it, or the library calls ours by this name. `attribute`: an instance attribute
            that the class's constructor sets, and that we read.
        user: Our module, below `pipeline`.
        reliance: What must stay true.
    """

    name: str
    use: _Use
    user: str
    reliance: str


def _internals(user: str, owner: str, *rows: tuple[str, _Use, str]) -> list[Internal]:
    """Return the rows of one module or class of a library: name, use, reliance."""
    separator = "." if ":" in owner else ":"
    return [Internal(f"{owner}{separator}{name}", use, user, reliance) for name, use, reliance in rows]


INTERNALS = (
    *_internals(
        "kafka_io.contact_watch",
        "aiokafka.client:AIOKafkaClient",
        (
            "send",
            "replaced",
            "is called for every request, ours too: negotiates its version, returns its answer, or raises KafkaError",
        ),
    ),
    *_internals(
        "kafka_io.fetching",
        "aiokafka.consumer.fetcher",
        ("MemoryRecords", "replaced", "is constructed from the bytes of one partition"),
        ("PartitionRecords", "replaced", "is constructed from MemoryRecords, and read by FetchResult"),
        ("FetchResult", "replaced", "is constructed from PartitionRecords, and read by getmany"),
    ),
    *_internals(
        "kafka_io.fetching",
        "aiokafka.record._crecords.default_records",
        ("gzip_decode", "replaced", "decompresses bytes; is looked up at every call"),
        ("snappy_decode", "replaced", "the same"),
        ("lz4_decode", "replaced", "the same"),
        ("zstd_decode", "replaced", "the same"),
    ),
    *_internals(
        "kafka_io.fetching",
        "aiokafka.consumer.fetcher:PartitionRecords",
        ("__init__", "overridden", "its parameters, and the attributes below"),
        ("__next__", "overridden", "getone takes one record with it"),
        ("_unpack_records", "overridden", "contains the rules that RecordReader reproduces"),
        ("_tp", "attribute", "the partition"),
        ("_records", "attribute", "the MemoryRecords"),
        ("_isolation_level", "attribute", "READ_COMMITTED, or not"),
        ("_aborted_producers", "attribute", "ids whose open transaction is an aborted one"),
        ("next_fetch_offset", "attribute", "becomes the position"),
        ("_consume_aborted_up_to", "called", "fills _aborted_producers"),
        ("_contains_abort_marker", "called", "reads the record of a control batch"),
    ),
    *_internals(
        "kafka_io.fetching",
        "aiokafka.consumer.fetcher:FetchResult",
        ("getall", "overridden", "getmany takes records with it"),
        ("has_more", "called", "is true while _partition_records is set"),
        ("check_assignment", "called", "rejects records that the position left behind"),
        ("_update_position", "called", "sets the position to next_fetch_offset"),
        ("_topic_partition", "attribute", "the partition"),
        ("_partition_records", "attribute", "None once it is exhausted"),
    ),
    *_internals(
        "kafka_io.record_batches",
        "aiokafka.producer.message_accumulator",
        ("BatchBuilder", "replaced", "producers append to it and send what it builds"),
    ),
    *_internals(
        "kafka_io.record_batches",
        "aiokafka.producer.message_accumulator:BatchBuilder",
        ("_set_producer_state", "called", "is called before _build"),
        ("_build", "called", "returns the bytes of the batch, also when it is sent again"),
    ),
    *_internals(
        "kafka_io.record_batches",
        "aiokafka.protocol.produce:ProduceRequest_v7",
        ("encode", "replaced", "returns the bytes of the request after its header"),
    ),
    *_internals(
        "kafka_io.transactions",
        "aiokafka.producer.producer:AIOKafkaProducer",
        ("_sender", "attribute", "a Sender"),
        ("_txn_manager", "attribute", "a TransactionManager"),
    ),
    *_internals(
        "kafka_io.transactions",
        "aiokafka.producer.sender:Sender",
        ("_txn_manager", "attribute", "the same TransactionManager"),
        ("_coordinators", "attribute", "node ids by CoordinationType"),
        ("_find_coordinator", "called", "returns the node id, and waits until there is one"),
    ),
    *_internals(
        "kafka_io.transactions",
        "aiokafka.producer.sender:AddOffsetsToTxnHandler",
        ("__init__", "called", "its parameters"),
    ),
    *_internals(
        "kafka_io.transactions",
        "aiokafka.producer.sender:BaseHandler",
        ("do", "called", "returns false after a pause if the request must be repeated"),
    ),
    *_internals(
        "kafka_io.transactions",
        "aiokafka.producer.transaction_manager:TransactionManager",
        ("transactional_id", "attribute", "the id the producer was given"),
        ("maybe_add_partition_to_txn", "called", "adds a partition without a record"),
    ),
    *_internals(
        "kafka_io.transactions",
        "aiokafka.client:AIOKafkaClient",
        ("_conns", "attribute", "connections by (node id, ConnectionGroup)"),
        ("ready", "called", "connects to a node, and returns whether it could"),
    ),
    *_internals(
        "kafka_io.send_progress",
        "aiokafka.client:AIOKafkaClient",
        ("_conns", "attribute", "connections by any key"),
    ),
    *_internals(
        "kafka_io.producers",
        "aiokafka.producer.producer:AIOKafkaProducer",
        ("_message_accumulator", "attribute", "a MessageAccumulator, whose fail_all gives up what is queued"),
        ("_sender", "attribute", "a Sender, with the task that sends as sender_task"),
    ),
    *_internals(
        "kafka_io.send_progress",
        "aiokafka.conn:AIOKafkaConnection",
        ("_writer", "attribute", "a StreamWriter, or None while there is no connection"),
    ),
    *_internals(
        "kafka_io.receive_progress",
        "aiokafka.conn",
        ("AIOKafkaProtocol", "replaced", "is constructed for every connection, and gets its bytes by data_received"),
    ),
    *_internals(
        "kafka_io.receive_progress",
        "aiokafka.conn:AIOKafkaConnection",
        ("send", "replaced", "returns what waits for the answer, until _request_timeout if that is not None"),
        ("_request_timeout", "attribute", "the time limit of a request in seconds"),
        ("_protocol", "attribute", "the AIOKafkaProtocol, or None while there is no connection"),
    ),
    *_internals(
        "kafka_io.transactions",
        "aiokafka.conn:AIOKafkaConnection",
        ("connected", "called", "is false once the connection is lost"),
    ),
    *_internals(
        "kafka_io.token_refusal",
        "aiokafka.conn",
        ("OAuthAuthenticator", "replaced", "is constructed for every connection"),
    ),
    *_internals(
        "kafka_io.token_refusal",
        "aiokafka.conn:OAuthAuthenticator",
        ("step", "overridden", "gets the broker's last answer, and ends the exchange with None"),
    ),
    *_internals(
        "kafka_io.reconnects",
        "aiokafka.client:AIOKafkaClient",
        ("_get_conn", "replaced", "returns None after an attempt that failed, which it logs; every request goes by it"),
        ("_metadata_update", "replaced", "asks one broker after another, at once when one is asked for"),
    ),
    *_internals(
        "kafka_io.open_ends",
        "aiokafka.client:AIOKafkaClient",
        ("force_metadata_update", "called", "asks for the leaders again"),
    ),
    *_internals(
        "kafka_io.open_ends",
        "aiokafka.protocol.offset:OffsetRequest",
        ("__init__", "called", "replica id, isolation level, pairs of a topic and its (partition, timestamp)"),
    ),
    *_internals(
        "kafka_io.requests",
        "aiokafka.client:AIOKafkaClient",
        ("coordinator_lookup", "called", "returns a node id"),
    ),
    *_internals(
        "kafka_io.requests",
        "aiokafka.protocol.api:Request",
        ("build", "overridden", "makes the struct to send"),
    ),
    *_internals(
        "kafka_io.requests",
        "aiokafka.errors",
        ("for_code", "called", "returns the error class of a code"),
    ),
    *_internals(
        "kafka_io.topic_settings",
        "aiokafka.protocol.admin:DescribeConfigsRequest",
        ("__init__", "called", "triples of a type of resource, a name and its settings"),
    ),
    *_internals(
        "kafka_io.topic_ids",
        "aiokafka.client:AIOKafkaClient",
        ("get_random_node", "called", "returns the id of a broker, or None while none is known"),
    ),
    *_internals(
        "kafka_io.transactions",
        "aiokafka.consumer.consumer:AIOKafkaConsumer",
        ("_client", "attribute", "the AIOKafkaClient"),
    ),
    *_internals(
        "kafka_io.transport",
        "aiokafka.consumer.consumer:AIOKafkaConsumer",
        ("_coordinator", "attribute", "None, or a GroupCoordinator"),
        ("_subscription", "attribute", "a SubscriptionState"),
    ),
    *_internals(
        "kafka_io.transport",
        "aiokafka.consumer.group_coordinator:GroupCoordinator",
        ("check_errors", "called", "raises what ended the membership of the group"),
    ),
    *_internals(
        "kafka_io.transport",
        "aiokafka.consumer.group_coordinator:GroupCoordinator",
        ("fetch_committed_offsets", "called", "returns OffsetAndMetadata by partition"),
    ),
    *_internals(
        "kafka_io.transport",
        "aiokafka.consumer.subscription_state:Assignment",
        ("state_value", "called", "returns the TopicPartitionState of a partition"),
    ),
    *_internals(
        "kafka_io.transport",
        "aiokafka.consumer.subscription_state:TopicPartitionState",
        ("_position", "attribute", "the offset after the last record taken; None before"),
    ),
    *_internals(
        "kafka_io.app",
        "faust.app.base:BootStrategy",
        ("server", "overridden", "returns the services that an application starts"),
    ),
    *_internals(
        "kafka_io.app",
        "faust.app.base:App",
        ("on_first_start", "overridden", "does nothing but create directories"),
    ),
    *_internals(
        "kafka_io.app",
        "faust.tables.manager:TableManager",
        ("_tables_registered", "attribute", "the event that the conductor waits for"),
    ),
    *_internals(
        "kafka_io.app",
        "faust.serializers.schemas:Schema",
        ("loads_key", "overridden", "is called with the application and the message"),
        ("loads_value", "overridden", "is called with the application and the message"),
    ),
    *_internals(
        "kafka_io.transport",
        "faust.transport.consumer:Consumer",
        ("ack", "overridden", "is called when the agent is done with a message"),
        ("commit", "overridden", "is called by a timer and at the end"),
        ("wait_empty", "overridden", "is called when faust stops"),
        ("perform_seek", "overridden", "is called by faust's recovery"),
        ("on_stop", "overridden", "has only faust's commits to finish"),
        ("on_partitions_revoked", "overridden", "is called by aiokafka while it joins the group"),
        ("on_partitions_assigned", "overridden", "is called by aiokafka while it joins the group"),
        ("_seek", "overridden", "abstract"),
        ("_commit", "overridden", "abstract"),
        ("_getmany", "overridden", "abstract"),
        ("_new_topicpartition", "overridden", "abstract"),
        ("_to_message", "overridden", "abstract"),
        ("callback", "attribute", "the conductor, awaited with a ConsumerMessage"),
    ),
    *_internals(
        "kafka_io.transport",
        "faust.types.tuples:Message",
        ("__init__", "called", "its parameters by position"),
    ),
    *_internals(
        "kafka_io.transport",
        "faust.transport.conductor:Conductor",
        ("on_partitions_assigned", "called", "routes the partitions to the agent"),
    ),
    *_internals(
        "kafka_io.transport",
        "mode.utils.queues:FlowControlEvent",
        ("resume", "called", "lets the agent's stream deliver"),
    ),
    *_internals(
        "kafka_io.transport",
        "mode.services:Service",
        ("task", "called", "makes a method a task that starts with the service"),
    ),
)


def install_patches() -> None:
    """Check the versions of the three libraries, then install every override; a second call changes nothing.

    It must run before the first consumer or producer of the process is made.

    Raises:
        ConfigError: A library is missing, or has another version than the overrides were written for.
    """
    differences = [
        f"{name} is {found or 'not installed'} instead of {pinned}"
        for name, pinned in PINNED_VERSIONS.items()
        if (found := _installed(name)) != pinned
    ]
    if differences:
        raise ConfigError(
            f"{', '.join(differences)}: this release overrides internals of exactly these versions; "
            "install it with its locked dependencies"
        )
    install_record_reader()
    install_record_batches()
    install_token_refusal()
    install_reconnect_pauses()
    install_patient_reading()


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
