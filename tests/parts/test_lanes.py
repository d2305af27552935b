"""How much may be under way to whom."""

from crossdock.webhooks.concurrency import FIRST, NARROW, WIDEST, WITH_SCRIPT, EndpointConcurrency

ONE, TWO, THREE = 1, 2, 3


def planned(lanes: EndpointConcurrency, *endpoints: int) -> dict[int, int]:
    """What is planned, and then under way."""
    counts = {lane.endpoint: count for lane, count in lanes.plan(list(endpoints), 50)}
    for number, count in counts.items():
        lanes.lane(number).under_way += count
    return counts


def quick(lanes: EndpointConcurrency, number: int) -> None:
    lanes.lane(number).width = WIDEST


def test_a_new_endpoint_gets_a_few_at_first():
    assert planned(EndpointConcurrency(512), ONE) == {ONE: FIRST}


def test_one_that_is_quick_gets_as_much_as_its_lane_is_wide():
    lanes = EndpointConcurrency(512)
    quick(lanes, ONE)
    assert planned(lanes, ONE) == {ONE: WIDEST}


def test_quick_ones_that_begin_to_hang_leave_room_for_others():
    lanes = EndpointConcurrency(512)
    for number in (ONE, TWO):
        quick(lanes, number)
    planned(lanes, ONE, TWO)
    planned(lanes, ONE, TWO)
    assert lanes.under_way == 256 + 2 * NARROW
    assert planned(lanes, THREE) == {THREE: FIRST}


def test_another_quick_one_gets_some_while_others_have_taken_what_wide_lanes_share():
    lanes = EndpointConcurrency(512)
    for number in (ONE, TWO, THREE):
        quick(lanes, number)
    planned(lanes, ONE, TWO)
    planned(lanes, ONE, TWO)
    assert planned(lanes, THREE) == {THREE: NARROW}


def test_never_more_than_the_most_are_under_way():
    lanes = EndpointConcurrency(64)
    numbers = list(range(100))
    for number in numbers:
        quick(lanes, number)
    for _ in range(10):
        planned(lanes, *numbers)
    assert lanes.under_way <= 64


def test_where_a_script_runs_few_wait_for_it_however_quick_the_receiver_is():
    lane = EndpointConcurrency(512).lane(ONE)
    lane.limit(WITH_SCRIPT)
    for _ in range(20):
        lane.under_way += 1
        lane.note(0.01, answered=True)
    assert lane.width == WITH_SCRIPT


def test_a_lane_halves_with_each_answer_that_takes_long():
    lane = EndpointConcurrency(512).lane(ONE)
    lane.width = WIDEST
    widths = []
    for _ in range(9):
        lane.under_way += 1
        lane.note(15.0, answered=False)
        widths.append(lane.width)
    assert widths == [128, 64, 32, 16, 8, 4, 2, 1, 1]
