"""Head and body of an answer leave together: one call of the system instead of two.

uvicorn writes the head first, and uvloop sends at once what it is given. The head waits here
for the first of the body, and no longer than until the event loop goes on.
"""

import asyncio


class Together:
    """Where one answer is written; what uvicorn asks of a transport for it, and no more."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport, self._loop = transport, loop
        self._head: bytes | None = None
        self._begun = False

    def write(self, data: bytes) -> None:
        """Keep what comes first until more comes, or the loop goes on."""
        if self._head is not None:
            head, self._head = self._head, None
            self._transport.writelines((head, data))
        elif self._begun:
            self._transport.write(data)
        else:
            self._begun, self._head = True, data
            self._loop.call_soon(self._alone)

    def _alone(self) -> None:
        """Nothing came with the head: an answer that is made while it is sent."""
        if self._head is not None:
            head, self._head = self._head, None
            self._transport.write(head)

    def close(self) -> None:
        """Close the connection, once all of the answer is out."""
        self._alone()
        self._transport.close()

    def is_closing(self) -> bool:
        """Whether the connection is being closed."""
        return self._transport.is_closing()
