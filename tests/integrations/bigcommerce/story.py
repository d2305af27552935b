"""The way of an order through the mock: `tests/journeys/test_vendor_journeys.py`."""

from tests.mock_vendors.story import Story, cart


async def tell(story: Story) -> None:
    await cart(story, "501", warehouse_id="1")
