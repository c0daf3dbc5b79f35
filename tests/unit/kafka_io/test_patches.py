"""Trip-wires: each fails when an upgrade of faust, mode or aiokafka changes an internal that kafka_io relies on."""

import ast
import dis
import importlib
import inspect
import textwrap
import tomllib
from collections.abc import Iterator
from hashlib import blake2b
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from types import FunctionType
from typing import Any

import faust.tables.manager
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.client import AIOKafkaClient, ConnectionGroup
from aiokafka.consumer import fetcher
from aiokafka.consumer.fetcher import Fetcher
from aiokafka.errors import ConsumerStoppedError, NoOffsetForPartitionError, OffsetOutOfRangeError
from aiokafka.producer import message_accumulator
from aiokafka.producer.message_accumulator import MessageAccumulator, MessageBatch
from aiokafka.producer.sender import AddOffsetsToTxnHandler, BaseHandler
from aiokafka.protocol.produce import ProduceRequest, ProduceRequest_v7
from aiokafka.record._crecords import default_records
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords

import pipeline
from pipeline.errors import ConfigError
from pipeline.kafka_io import patches
from pipeline.kafka_io.app import create_app
from pipeline.kafka_io.fetching import FetchedBatches, FetchedRecords, RecordReader
from pipeline.kafka_io.patches import INTERNALS, PINNED_VERSIONS, Internal, install_patches
from pipeline.kafka_io.record_batches import RecordBatch
from pipeline.settings import Settings
from tests.harness.internals import restore_internals

PACKAGE = Path(pipeline.__file__).parent
FINGERPRINTS = {
    "aiokafka.consumer.fetcher:MemoryRecords": "has_next next_batch size_in_bytes",
    "aiokafka.consumer.fetcher:PartitionRecords": "6964bebe83eb07d2",
    "aiokafka.consumer.fetcher:FetchResult": "74da770b5ff58b32",
    "aiokafka.record._crecords.default_records:gzip_decode": "bc13b3dfa7d081eb",
    "aiokafka.record._crecords.default_records:snappy_decode": "4f93d4e56be56539",
    "aiokafka.record._crecords.default_records:zstd_decode": "773bab2cb1a13004",
    "aiokafka.record._crecords.default_records:lz4_decode": "68cc418e6561997e",
    "aiokafka.consumer.fetcher:PartitionRecords.__init__": "6550fa86ebf0fab7",
    "aiokafka.consumer.fetcher:PartitionRecords.__next__": "ed4e1994befd4769",
    "aiokafka.consumer.fetcher:PartitionRecords._unpack_records": "9e73d34e16ff14cc",
    "aiokafka.consumer.fetcher:PartitionRecords._tp": "set by the constructor",
    "aiokafka.consumer.fetcher:PartitionRecords._records": "set by the constructor",
    "aiokafka.consumer.fetcher:PartitionRecords._isolation_level": "set by the constructor",
    "aiokafka.consumer.fetcher:PartitionRecords._aborted_producers": "set by the constructor",
    "aiokafka.consumer.fetcher:PartitionRecords.next_fetch_offset": "set by the constructor",
    "aiokafka.consumer.fetcher:PartitionRecords._consume_aborted_up_to": "(self, batch_offset)",
    "aiokafka.consumer.fetcher:PartitionRecords._contains_abort_marker": "(self, next_batch)",
    "aiokafka.consumer.fetcher:FetchResult.getall": "272c7bbe257b7eec",
    "aiokafka.consumer.fetcher:FetchResult.has_more": "(self)",
    "aiokafka.consumer.fetcher:FetchResult.check_assignment": "(self, tp)",
    "aiokafka.consumer.fetcher:FetchResult._update_position": "(self)",
    "aiokafka.consumer.fetcher:FetchResult._topic_partition": "set by the constructor",
    "aiokafka.consumer.fetcher:FetchResult._partition_records": "set by the constructor",
    "aiokafka.producer.message_accumulator:BatchBuilder": "90f6b49a8dbfea8f",
    "aiokafka.producer.message_accumulator:BatchBuilder._set_producer_state": (
        "(self, producer_id, producer_epoch, base_sequence)"
    ),
    "aiokafka.producer.message_accumulator:BatchBuilder._build": "(self)",
    "aiokafka.protocol.produce:ProduceRequest_v7.encode": "c58cd8b0714842d3",
    "aiokafka.producer.producer:AIOKafkaProducer._sender": "set by the constructor",
    "aiokafka.producer.producer:AIOKafkaProducer._message_accumulator": "set by the constructor",
    "aiokafka.producer.producer:AIOKafkaProducer._txn_manager": "set by the constructor",
    "aiokafka.producer.sender:Sender._txn_manager": "set by the constructor",
    "aiokafka.producer.sender:Sender._coordinators": "set by the constructor",
    "aiokafka.producer.sender:Sender._find_coordinator": "(self, coordinator_type, coordinator_key)",
    "aiokafka.producer.sender:AddOffsetsToTxnHandler.__init__": "(self, sender, group_id)",
    "aiokafka.producer.sender:BaseHandler.do": "(self, node_id)",
    "aiokafka.producer.transaction_manager:TransactionManager.transactional_id": "set by the constructor",
    "aiokafka.producer.transaction_manager:TransactionManager.maybe_add_partition_to_txn": "(self, tp)",
    "aiokafka.client:AIOKafkaClient._conns": "set by the constructor",
    "aiokafka.client:AIOKafkaClient._get_conn": "facddcd7052cb9f1",
    "aiokafka.client:AIOKafkaClient._metadata_update": "515249e6c4b499e9",
    "aiokafka.conn:OAuthAuthenticator": "f9edb0f7cc7da64f",
    "aiokafka.conn:OAuthAuthenticator.step": "d485e8c37087cd1c",
    "aiokafka.client:AIOKafkaClient.force_metadata_update": "(self)",
    "aiokafka.protocol.offset:OffsetRequest.__init__": "(self, replica_id, isolation_level, topics)",
    "aiokafka.client:AIOKafkaClient.ready": "(self, node_id, *, group=<ConnectionGroup.DEFAULT: 0>)",
    "aiokafka.conn:AIOKafkaConnection.connected": "(self)",
    "aiokafka.client:AIOKafkaClient.coordinator_lookup": "(self, coordinator_type, coordinator_key)",
    "aiokafka.client:AIOKafkaClient.get_random_node": "(self)",
    "aiokafka.protocol.admin:DescribeConfigsRequest.__init__": "(self, resources, include_synonyms=False)",
    "aiokafka.conn:AIOKafkaConnection._writer": "set by the constructor",
    "aiokafka.conn:AIOKafkaConnection._request_timeout": "set by the constructor",
    "aiokafka.conn:AIOKafkaConnection._protocol": "set by the constructor",
    "aiokafka.conn:AIOKafkaConnection.send": "57f6399643020568",
    "aiokafka.conn:AIOKafkaProtocol": "a806b8d28a271a5f",
    "aiokafka.client:AIOKafkaClient.send": "11ceb9108b16544a",
    "aiokafka.protocol.api:Request.build": "5ca656f546c6a2a1",
    "aiokafka.errors:for_code": "(error_code)",
    "aiokafka.consumer.consumer:AIOKafkaConsumer._client": "set by the constructor",
    "aiokafka.consumer.consumer:AIOKafkaConsumer._coordinator": "set by the constructor",
    "aiokafka.consumer.consumer:AIOKafkaConsumer._subscription": "set by the constructor",
    "aiokafka.consumer.group_coordinator:GroupCoordinator.check_errors": "(self)",
    "aiokafka.consumer.group_coordinator:GroupCoordinator.fetch_committed_offsets": "(self, partitions)",
    "aiokafka.consumer.subscription_state:Assignment.state_value": "(self, tp)",
    "aiokafka.consumer.subscription_state:TopicPartitionState._position": "set by the constructor",
    "faust.app.base:BootStrategy.server": "728bdcb115e917a8",
    "faust.app.base:App.on_first_start": "a906739e7d42eee2",
    "faust.tables.manager:TableManager._tables_registered": "set by the constructor",
    "faust.serializers.schemas:Schema.loads_key": "e473bd67e1ea75ed",
    "faust.serializers.schemas:Schema.loads_value": "1c88f967d7aff1f3",
    "faust.transport.consumer:Consumer.ack": "e2f1d0eb81f1a635",
    "faust.transport.consumer:Consumer.commit": "b807fe7d062268d0",
    "faust.transport.consumer:Consumer.wait_empty": "5e8b658df7093f90",
    "faust.transport.consumer:Consumer.perform_seek": "5f206cbe28df6e95",
    "faust.transport.consumer:Consumer.on_stop": "df6081c977f3a4cd",
    "faust.transport.consumer:Consumer.on_partitions_revoked": "485f56bda150ff29",
    "faust.transport.consumer:Consumer.on_partitions_assigned": "a2efc935b68b2332",
    "faust.transport.consumer:Consumer._seek": "d84754df51074704",
    "faust.transport.consumer:Consumer._commit": "010f7e926128d551",
    "faust.transport.consumer:Consumer._getmany": "a9c9855a862ceb9f",
    "faust.transport.consumer:Consumer._new_topicpartition": "fae56bb8bd57be49",
    "faust.transport.consumer:Consumer._to_message": "0e3bdbe686bbb8cb",
    "faust.transport.consumer:Consumer.callback": "set by the constructor",
    "faust.types.tuples:Message.__init__": (
        "(self, topic, partition, offset, timestamp, timestamp_type, headers, key, value, checksum, "
        "serialized_key_size=None, serialized_value_size=None, tp=None, time_in=None, time_out=None, "
        "time_total=None, generation_id=None)"
    ),
    "faust.transport.conductor:Conductor.on_partitions_assigned": "(self, assigned)",
    "mode.utils.queues:FlowControlEvent.resume": "(self)",
    "mode.services:Service.task": "(fun)",
}
"""What the libraries contained when the overrides were written.

A digest of the source where our code stands in for the library's, the parameters where we call it or it calls ours.
"""

THEIRS = (fetcher.MemoryRecords, fetcher.PartitionRecords, fetcher.FetchResult, message_accumulator.BatchBuilder)


@pytest.fixture
def unpatched(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Undo the installation at the end of the test."""
    restore_internals(monkeypatch)
    return monkeypatch


def _fingerprint(internal: Internal) -> str:
    module, _, path = internal.name.partition(":")
    holder: Any = importlib.import_module(module)
    *owners, last = path.split(".")
    for owner in owners:
        holder = getattr(holder, owner)
    if internal.use == "attribute":
        return "set by the constructor" if last in _constructed(holder) else "absent"
    found: Any = inspect.unwrap(getattr(holder, last))
    if internal.use == "called":
        return _parameters(found)
    if inspect.isclass(found) and "._c" in found.__module__:
        return " ".join(sorted(name for name in vars(found) if not name.startswith("_")))  # compiled: no source
    return blake2b(textwrap.dedent(inspect.getsource(found)).encode(), digest_size=8).hexdigest()


def _parameters(function: Any) -> str:
    signature = inspect.signature(function)
    bare = [one.replace(annotation=one.empty) for one in signature.parameters.values()]
    return str(signature.replace(parameters=bare, return_annotation=signature.empty))


def _constructed(holder: type) -> set[str]:
    """Return the attributes that the constructors of a class assign."""
    constructors = [vars(one).get("__init__") for one in holder.__mro__]
    return {
        step.argval
        for constructor in constructors
        if isinstance(constructor, FunctionType)
        for step in dis.get_instructions(constructor)
        if step.opname == "STORE_ATTR"
    }


@pytest.mark.parametrize("internal", INTERNALS, ids=lambda internal: internal.name)
def test_an_internal_is_what_the_overrides_were_written_for(internal: Internal) -> None:
    assert _fingerprint(internal) == FINGERPRINTS[internal.name], internal.reliance


def test_every_row_is_checked() -> None:
    """A name has a row for each module that uses it."""
    assert {internal.name for internal in INTERNALS} == FINGERPRINTS.keys()
    assert len({(internal.name, internal.user) for internal in INTERNALS}) == len(INTERNALS)


def _private_names(tree: ast.Module) -> Iterator[str]:
    """Yield the private attributes that a module uses and does not define."""
    own = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    attributes = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    own |= {node.attr for node in attributes if isinstance(node.ctx, ast.Store)}
    for node in attributes:
        if node.attr.startswith("_") and not node.attr.startswith("__") and node.attr not in own:
            yield node.attr


@pytest.mark.parametrize("path", sorted((PACKAGE / "kafka_io").glob("*.py")), ids=lambda path: path.stem)
def test_no_private_name_is_used_without_a_row(path: Path) -> None:
    listed = {internal.name.rpartition(".")[2] for internal in INTERNALS if internal.user == f"kafka_io.{path.stem}"}
    assert set(_private_names(ast.parse(path.read_text()))) <= listed


def test_users_exist() -> None:
    assert all((PACKAGE / f"{internal.user.replace('.', '/')}.py").is_file() for internal in INTERNALS)


# -- versions and installation


def test_the_pinned_versions_are_those_of_the_project() -> None:
    project = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text())["project"]
    pins = dict(line.split("==") for line in project["dependencies"] if "==" in line)
    assert {name: pins.get(name) for name in PINNED_VERSIONS} == PINNED_VERSIONS


def test_everything_is_installed(unpatched: pytest.MonkeyPatch) -> None:
    install_patches()
    install_patches()
    assert (fetcher.MemoryRecords, fetcher.PartitionRecords) == (FetchedBatches, RecordReader)
    assert (fetcher.FetchResult, message_accumulator.BatchBuilder) == (FetchedRecords, RecordBatch)


def test_another_version_is_named_and_nothing_is_installed(unpatched: pytest.MonkeyPatch) -> None:
    def version(name: str) -> str:
        if name == "mode-streaming":
            raise PackageNotFoundError
        return "9.9" if name == "aiokafka" else PINNED_VERSIONS[name]

    unpatched.setattr(patches, "version", version)
    with pytest.raises(ConfigError, match=r"^aiokafka is 9.9 instead of .*, mode-streaming is not installed instead"):
        install_patches()
    assert (fetcher.MemoryRecords, fetcher.PartitionRecords, fetcher.FetchResult) == THEIRS[:3]
    assert message_accumulator.BatchBuilder is THEIRS[3]


# -- how the libraries use what is replaced


def test_the_fetcher_looks_its_classes_up_in_its_module() -> None:
    source = inspect.getsource(Fetcher)
    for use in ("MemoryRecords(part_data[-1])", "PartitionRecords(", "FetchResult(", "is FetchResult", ".getall("):
        assert use in source


@pytest.mark.parametrize("codec", [0, 3])
def test_compiled_batches_decompress_by_the_global(codec: int, unpatched: pytest.MonkeyPatch) -> None:
    builder = DefaultRecordBatchBuilder(2, codec, 0, -1, -1, 0, 1 << 20)
    builder.append(0, 0, None, b"value " * 100, [])
    data = bytes(builder.build())
    seen: list[bytes] = []
    decode = default_records.lz4_decode

    def decompress(payload: bytes) -> bytes:
        seen.append(payload)
        return bytes(decode(payload))

    unpatched.setattr(default_records, "lz4_decode", decompress)
    batch = MemoryRecords(data).next_batch()
    assert batch is not None
    assert [record.value for record in batch] == [b"value " * 100]
    assert len(seen) == (codec == 3)


def test_producers_look_the_builder_up_in_its_module() -> None:
    assert "BatchBuilder(" in inspect.getsource(MessageAccumulator.create_builder)
    assert "_builder._build()" in inspect.getsource(MessageBatch.get_data_buffer)
    builder = message_accumulator.BatchBuilder
    asked = {name for name in vars(builder) if not name.startswith("__")} - {"_serialize"}
    assert all(callable(getattr(RecordBatch, name)) for name in asked)


@pytest.mark.parametrize(
    "name", ["begin_transaction", "commit_transaction", "send_offsets_to_transaction", "create_batch", "send_batch"]
)
def test_producers_have_the_calls_we_make(name: str) -> None:
    assert callable(getattr(AIOKafkaProducer, name))


def test_the_version_of_produce_requests_that_is_replaced_is_the_one_sent() -> None:
    prepared = ProduceRequest(None, -1, 1, []).prepare({0: (3, 13)})
    assert type(prepared) is ProduceRequest_v7, "the newest that aiokafka implements"


def test_offsets_are_added_to_a_transaction_by_a_handler_that_waits_itself() -> None:
    assert issubclass(AddOffsetsToTxnHandler, BaseHandler)
    source = inspect.getsource(BaseHandler.do)
    assert "asyncio.sleep" in source
    assert "return False" in source


async def test_connections_are_kept_by_node_and_group() -> None:
    client = AIOKafkaClient(bootstrap_servers="127.0.0.1:1")
    assert client._conns == {}
    assert "self._conns[(node_id, group)]" in inspect.getsource(AIOKafkaClient.send)
    assert {group.name for group in ConnectionGroup} == {"DEFAULT", "COORDINATION"}
    await client.close()


def test_a_fetch_reports_positions_it_lacks_by_the_errors_we_catch() -> None:
    assert issubclass(OffsetOutOfRangeError, Exception)
    assert "NoOffsetForPartitionError" in inspect.getsource(Fetcher)
    assert not issubclass(NoOffsetForPartitionError, ConsumerStoppedError)


def test_faust_takes_the_settings_we_give_it() -> None:
    app = create_app(Settings(), group="g", source_topic="t", delegate=object(), accept=print)  # type: ignore[arg-type]
    conf = app.conf
    assert (conf.web_enabled, conf.topic_allow_declare, conf.topic_disable_leader) == (False, False, True)
    assert (conf.stream_wait_empty, conf.worker_redirect_stdouts, conf.table_standby_replicas) == (False, False, 0)
    assert conf.broker_max_poll_records == Settings().work.max_batch_records
    assert str(conf.agent_supervisor).endswith("CrashingSupervisor'>")
    assert app.consumer_generation_id == 0


def test_the_conductor_waits_for_the_event_that_we_set() -> None:
    wait = inspect.getsource(faust.tables.manager.TableManager.wait_until_tables_registered)
    assert "self._tables_registered" in wait
