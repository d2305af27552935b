"""The notices that the sandbox sends by itself: see `operations/pushes.py`."""

from crossdock.integrations.sandbox.operations.pushes import (
    changed,
    is_subscribed,
    subscribe,
    unsubscribe,
    verify,
)

__all__ = ["changed", "is_subscribed", "subscribe", "unsubscribe", "verify"]
