"""What a cluster refuses for good: the errors of aiokafka against which a restart does not help."""

from collections.abc import Sequence

from aiokafka import errors

from pipeline.errors import ConfigError

__all__ = ["explained"]


def explained(error: BaseException, group: str, stages: Sequence[str]) -> BaseException:
    """Return a `ConfigError` that says what to do, if that is what an error amounts to; otherwise the error.

    Args:
        error: What ended the worker.
        group: The worker's consumer group.
        stages: The worker's stages.
    """
    if isinstance(error, errors.InconsistentGroupProtocolError):
        return ConfigError(
            f"group {group} has members of another cut than {' '.join(stages)}, or of a release before cuts were "
            "compared: stop them first (docs/operations.md, Changing the cut). A worker that was killed remains a "
            "member until its session ends"
        )
    if isinstance(error, errors.InvalidSessionTimeoutError):
        return ConfigError(
            "the brokers do not allow the session timeout in NEWS_KAFKA__SESSION_TIMEOUT_SECS: see their "
            "group.min.session.timeout.ms and group.max.session.timeout.ms"
        )
    what = next((text for kind, text in _REFUSED.items() if isinstance(error, kind)), None)
    if what is None:
        return error
    named = f" {error.args[0]}" if error.args and isinstance(error.args[0], str) else ""
    return ConfigError(f"the cluster refuses access to {what}{named}: see `news-pipeline topics acls`")


_REFUSED: dict[type[Exception], str] = {
    errors.TopicAuthorizationFailedError: "a topic",
    errors.GroupAuthorizationFailedError: "the consumer group",
    errors.TransactionalIdAuthorizationFailed: "the transactional id",
    errors.ClusterAuthorizationFailedError: "the cluster",
}
