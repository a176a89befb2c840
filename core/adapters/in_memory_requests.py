"""The ledger's twin as far as requests go."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from threading import Lock
from typing import Any

from core.request import TAKEN_FOR, Request, RequestKind, RequestState


@dataclass(kw_only=True)
class MemoryRequests:
    """Requests by id, in the order in which they were asked; `request_taken` says since when somebody has one."""

    asked: dict[int, Request] = field(default_factory=dict)
    request_taken: dict[int, datetime] = field(default_factory=dict)
    request_lock: Lock = field(default_factory=Lock)

    def ask(
        self, kind: RequestKind, product: str, details: Mapping[str, Any], at: datetime, who: str, why: str
    ) -> Request:
        """Append."""
        with self.request_lock:
            number = len(self.asked) + 1
            self.asked[number] = Request(number, kind, product, dict(details), at, who, why)
            return self.asked[number]

    def take_request(self, at: datetime, who: str) -> Request | None:
        """The oldest that waits, or was taken by somebody who never answered."""
        with self.request_lock:
            for number, request in self.asked.items():
                if request.state is RequestState.WAITING or self._is_left_lying(request, at):
                    self.request_taken[number] = at
                    self.asked[number] = replace(request, state=RequestState.TAKEN)
                    return self.asked[number]
        return None

    def answer(self, request_id: int, state: RequestState, answer: str, at: datetime) -> None:
        """Once."""
        with self.request_lock:
            request = self.asked.get(request_id)
            if request and request.state in (RequestState.WAITING, RequestState.TAKEN):
                self.asked[request_id] = replace(request, state=state, answer=answer, answered_at=at)

    def requests(self, product: str, limit: int) -> list[Request]:
        """Newest first."""
        return [each for each in reversed(self.asked.values()) if each.product == product][:limit]

    def _is_left_lying(self, request: Request, at: datetime) -> bool:
        return request.state is RequestState.TAKEN and self.request_taken[request.id] < at - TAKEN_FOR
