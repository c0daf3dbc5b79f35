"""A resolver of host names that gives addresses only if they may be connected to."""

import socket

from aiohttp.abc import AbstractResolver, ResolveResult

from pipeline.fetching.addresses import AddressRules, check_address
from pipeline.fetching.errors import FetchRefused

__all__ = ["CheckedResolver"]


class CheckedResolver(AbstractResolver):
    """Checks what another resolver gives. The connection is opened to these very addresses, so none can change."""

    def __init__(self, resolver: AbstractResolver, rules: AddressRules) -> None:
        """Wrap a resolver."""
        self._resolver = resolver
        self._rules = rules

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return the allowed ones of the addresses of a host.

        Raises:
            FetchRefused: No address is allowed.
            OSError: The name is not known, or the resolver does not answer.
        """
        found = await self._resolver.resolve(host, port, family)
        allowed: list[ResolveResult] = []
        refusal: FetchRefused | None = None
        for result in found:
            try:
                check_address(result["host"], self._rules)
            except FetchRefused as error:
                refusal = error
            else:
                allowed.append(result)
        if not allowed and refusal is not None:
            raise refusal
        return allowed

    async def close(self) -> None:
        """Close the wrapped resolver."""
        await self._resolver.close()
