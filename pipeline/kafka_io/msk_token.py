"""Tokens of Amazon MSK: a signed request, made with the credentials that the AWS SDK finds (a role, variables…)."""

import importlib
import time
from typing import Any

from pipeline.errors import ConfigError, TransientError
from pipeline.kafka_io.token import Token

__all__ = ["msk_token"]

_SIGNER = "aws_msk_iam_sasl_signer"


def msk_token(region: str) -> Token:
    """Sign a token for the clusters of a region.

    Raises:
        ConfigError: The extra `aws` is not installed, or the SDK finds no credentials.
        TransientError: The credentials could not be fetched, such as from the service that gives them to a pod.
    """
    try:
        signer: Any = importlib.import_module(f"{_SIGNER}.MSKAuthTokenProvider")
        errors: Any = importlib.import_module("botocore.exceptions")
    except ImportError as error:
        raise ConfigError("AWS_MSK_IAM needs the extra `aws`: pip install 'news-pipeline[aws]'") from error
    try:
        text, expiry_ms = signer.generate_auth_token(region)
    except (errors.NoCredentialsError, errors.PartialCredentialsError, errors.ProfileNotFound, AttributeError) as error:
        # The signer takes attributes of None if there are no credentials at all.
        raise ConfigError("the AWS SDK finds no credentials") from error
    except (errors.BotoCoreError, errors.ClientError, OSError) as error:
        raise TransientError(f"no AWS credentials: {type(error).__name__}") from error
    return Token(text, expiry_ms / 1000 - time.time())
