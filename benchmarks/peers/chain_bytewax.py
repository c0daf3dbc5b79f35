"""The whole chain as a dataflow of Bytewax with recovery: it resumes from the last snapshot of its offsets."""

from datetime import timedelta
from pathlib import Path

from bytewax import operators as op
from bytewax.connectors.kafka import KafkaSink, KafkaSinkMessage, KafkaSource, KafkaSourceMessage
from bytewax.dataflow import Dataflow
from bytewax.recovery import RecoveryConfig, init_db_dir
from bytewax.run import cli_main

from benchmarks.peers.chain import BATCH, Arguments, PeerChain
from pipeline.domain.record import Record

SNAPSHOTS = timedelta(seconds=1)  # by default ten seconds


def main() -> None:
    """Run until the process is killed."""
    given = Arguments.given()
    chain = PeerChain(given.prefix)

    def process(batch: list[KafkaSourceMessage]) -> list[KafkaSinkMessage]:
        records = [
            Record(m.topic, m.partition, m.offset, m.timestamp[1], m.key, m.value, tuple(m.headers)) for m in batch
        ]
        return [
            KafkaSinkMessage(made.key, made.value, made.topic, list(made.headers)) for made in chain.process(records)
        ]

    flow = Dataflow("chain")
    read = op.input("raw", flow, KafkaSource([given.bootstrap], [chain.source], batch_size=BATCH))
    made = op.flat_map_batch("stages", read, process)
    op.output("outputs", made, KafkaSink([given.bootstrap], None, {"compression.type": "lz4", "linger.ms": 5}))
    directory = Path(given.directory)
    if not any(directory.iterdir()):
        init_db_dir(directory, 1)
    cli_main(flow, recovery_config=RecoveryConfig(str(directory)), epoch_interval=SNAPSHOTS)


if __name__ == "__main__":
    main()
