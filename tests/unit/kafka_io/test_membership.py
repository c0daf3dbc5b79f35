"""How workers join their group: by cut and name; and what a refusal means."""

import pytest
from aiokafka import errors

from pipeline.errors import ConfigError, FatalError
from pipeline.kafka_io.membership import membership_arguments
from pipeline.kafka_io.refusals import explained
from pipeline.settings import KafkaSettings


def test_the_assignor_is_named_after_the_cut() -> None:
    one = membership_arguments(KafkaSettings(), "g", ["ingest"])
    two = membership_arguments(KafkaSettings(instance_id="pod-0"), "g", ["ingest", "dedupe"])
    names = [arguments["partition_assignment_strategy"][0].name for arguments in (one, two)]
    assert names == ["roundrobin:ingest", "roundrobin:ingest+dedupe"]
    assert (one["group_id"], one["group_instance_id"], two["group_instance_id"]) == ("g", None, "pod-0")


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (errors.InconsistentGroupProtocolError(), "group g has members of another cut than ingest dedupe"),
        (errors.InvalidSessionTimeoutError(), "NEWS_KAFKA__SESSION_TIMEOUT_SECS"),
        (errors.GroupAuthorizationFailedError("g"), "refuses access to the consumer group g"),
        (errors.TransactionalIdAuthorizationFailed("g-0"), "refuses access to the transactional id g-0"),
        (errors.TopicAuthorizationFailedError({"t"}), "refuses access to a topic: see `news-pipeline topics acls`"),
    ],
)
def test_what_a_restart_cannot_change_is_a_mistake_of_the_settings(error: Exception, says: str) -> None:
    found = explained(error, "g", ["ingest", "dedupe"])
    assert isinstance(found, ConfigError)
    assert says in str(found)


@pytest.mark.parametrize("error", [errors.KafkaConnectionError(), FatalError("fenced")])
def test_other_errors_stay_as_they_are(error: Exception) -> None:
    assert explained(error, "g", ["ingest"]) is error
