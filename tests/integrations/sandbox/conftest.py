"""Simulated systems to write to."""

from tests.integrations.sandbox.writing import blank, fresh, shop, wms

__all__ = ["blank", "fresh", "shop", "wms"]
