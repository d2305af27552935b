"""The query string: what is accepted, what it means, and how what does not fit is refused."""

from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crossdock.api.operations import PARTIAL, all_operations
from crossdock.api.records import query
from crossdock.errors import Invalid
from crossdock.resources.catalogue import all_resources, by_key
from crossdock.resources.schema import Kind
from crossdock.store.records.query import RecordCondition, RecordQuery
from crossdock.web.operation import Parameter
from crossdock.web.page_tokens import PageTokens
from crossdock.web.query import arguments, pairs

LISTS = [resource for resource in all_resources() if resource.listed]
ORDERS = by_key()["wms_orders"]
INVENTORY = by_key()["wms_inventory"]
LABOR = by_key()["wms_labor_activities"]
PAGES = PageTokens(b"0123456789abcdef", 7, "wms_orders")

NEW_YEAR = 1_767_225_600  # 2026-01-01T00:00:00Z


def asked(text: str, resource=ORDERS) -> RecordQuery:
    return query.listing(resource, pairs(text.encode()), PAGES)


def faults(text: str, resource=ORDERS) -> dict[str, list[str]]:
    with pytest.raises(Invalid) as caught:
        asked(text, resource)
    assert list(caught.value.detail) == ["query"]
    return dict(caught.value.detail["query"])


def test_without_parameters_it_is_the_first_thousand_by_id():
    assert asked("") == RecordQuery(conditions=(), ids=None, order=None, after=None, limit=1000, parent=None)


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("status=open", RecordCondition("status", "eq", ("open",))),
        ("status[eq]=open", RecordCondition("status", "eq", ("open",))),
        ("status%5Bneq%5D=open", RecordCondition("status", "neq", ("open",))),
        ("status[in]=open,other", RecordCondition("status", "in", ("open", "other"))),
        ("status[nin]=open&status[nin]=other", RecordCondition("status", "nin", ("open", "other"))),
        ("channel[in]=b,a,b", RecordCondition("channel", "in", ("b", "a"))),
        ("order_number[eq-insensitive]=So-1", RecordCondition("order_number", "eq-insensitive", ("So-1",))),
        ("order_number[in-insensitive]=a,B", RecordCondition("order_number", "in-insensitive", ("a", "B"))),
        ("channel[contains]=a,b", RecordCondition("channel", "contains", ("a,b",))),
        ("channel=caf%C3%A9+1", RecordCondition("channel", "eq", ("café 1",))),
        ("status[contains]=ful", RecordCondition("status", "contains", ("ful",))),
        ("created_date=2026-01-01T00:00:00Z", RecordCondition("created_date", "eq", (NEW_YEAR,))),
        ("created_date[nin]=2026-01-01T00:00:00Z", RecordCondition("created_date", "nin", (NEW_YEAR,))),
        ("created_date[neq]=1969-12-31T23:59:59Z", RecordCondition("created_date", "neq", (-1,))),
        (
            "trackstar_tags[contains]=vip,region:eu",
            RecordCondition("trackstar_tags", "contains", ("vip", "region:eu")),
        ),
    ],
)
def test_a_filter_is_a_condition(text, condition):
    assert asked(text).conditions == (condition,)


@pytest.mark.parametrize(
    ("text", "value"),
    [("active=true", True), ("active=false", False), ("active=True", True), ("active=FALSE", False)],
)
def test_a_flag_is_true_or_false(text, value):
    assert asked(text, INVENTORY).conditions == (RecordCondition("active", "eq", (value,)),)


def test_filters_hold_together():
    record_query = asked("status[neq]=cancelled&created_date[gte]=2026-01-01T00:00:00Z&channel=a")
    assert [condition.column for condition in record_query.conditions] == [
        "status",
        "created_date",
        "channel",
    ]


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("status=open", None),
        ("created_date=2026-01-01T00:00:00Z", None),
        ("created_date[in]=2026-01-01T00:00:00Z", None),
        ("created_date[neq]=2026-01-01T00:00:00Z", None),
        ("created_date[gte]=2026-01-01T00:00:00Z", "created_date"),
        ("required_ship_date[lt]=2026-01-01T00:00:00Z", "required_ship_date"),
        ("trackstar_updated_date[gt]=2026-01-01T00:00:00Z", "trackstar_updated_date"),
        (
            "updated_date[gt]=2026-01-01T00:00:00Z&created_date[gt]=2026-01-01T00:00:00Z",
            "created_date",
        ),
        (
            "created_date[lt]=2026-01-01T00:00:00Z&updated_date[gte]=2026-01-01T00:00:00Z",
            "updated_date",
        ),
        (
            "updated_date[lt]=2026-01-01T00:00:00Z&created_date[lte]=2026-01-01T00:00:00Z",
            "created_date",
        ),
    ],
)
def test_a_range_of_a_date_orders_by_that_date(text, order):
    assert asked(text).order == order


@pytest.mark.parametrize("text", ["ids[in]=b,a,b", "ids=b,a", "ids=b&ids=a", "ids=b&ids[in]=a,b"])
def test_ids_are_asked_for_in_every_spelling(text):
    assert asked(text).ids == ("b", "a")


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ('"a,b"', ["a,b"]), ('x,"a,b",y', ["x", "a,b", "y"]), ('"a,""b"""', ['a,"b"']),
        ('"a"', ['"a"']), ('"a', ['"a']), ('"a,b', ['"a', "b"]), ('a"b,c"', ['a"b', 'c"']),
        ('k:"v', ['k:"v']), ('"k:a,b"', ["k:a,b"]),
    ],
)  # fmt: skip
def test_a_value_with_a_comma_stands_in_quotes(text, tags):
    [condition] = asked(f"trackstar_tags[contains]={quote(text)}").conditions
    assert list(condition.values) == tags
    assert asked(f"ids[in]={quote(text)}").ids == tuple(tags)


@pytest.mark.parametrize(
    "ignored",
    [
        "status=nonsense&no_such_filter=1&created_date[gte]=yesterday", "limit=1",
        "limit=0", "limit=1&limit=2", f"page_token={PAGES.token(('a',), None)}",
        "page_token=no-token", "page_token=", "[]=1",
    ],
)  # fmt: skip
def test_with_ids_no_other_parameter_is_even_looked_at(ignored):
    assert asked(f"ids=a,b&{ignored}") == RecordQuery(ids=("a", "b"))


@pytest.mark.parametrize(
    ("limit", "size"),
    [("1", 1), ("1000", 1000), ("1001", 1000), ("007", 7), ("9" * 5000, 1000), ("100000", 1000)],
)
def test_a_limit_above_the_ceiling_is_the_ceiling(limit, size):
    assert asked(f"limit={limit}").limit == size


@pytest.mark.parametrize("limit", ["0", "000", "-1", "%2B5", "1.0", "1e2", "ten", "%D9%A1", "%201"])
def test_a_limit_that_is_no_number_of_at_least_one_is_refused(limit):
    assert list(faults(f"limit={limit}")) == ["limit"]


def test_a_page_token_is_the_key_to_go_on_after():
    token = PAGES.token((NEW_YEAR, "order_1"), "created_date")
    record_query = asked(f"created_date[gte]=2026-01-01T00:00:00Z&page_token={token}")
    assert (record_query.after, record_query.order) == ((NEW_YEAR, "order_1"), "created_date")


def test_a_page_token_of_another_order_is_refused():
    token = PAGES.token(("order_1",), None)
    assert list(faults(f"created_date[gte]=2026-01-01T00:00:00Z&page_token={token}")) == ["page_token"]


def test_a_list_below_a_parent_asks_for_that_parent():
    below = PageTokens(b"0123456789abcdef", 7, "wms_warehouse_locations", parent="warehouse_1")
    assert query.listing(by_key()["wms_warehouse_locations"], [], below).parent == "warehouse_1"


@pytest.mark.parametrize(
    ("text", "parameter", "says"),
    [
        ("colour=red", "colour", "unknown parameter"),
        ("colour[eq]=red", "colour[eq]", "unknown parameter"),
        ("Status=open", "Status", "unknown parameter"),
        ("status[]=open", "status[]", "unknown parameter"),
        ("status[eq=open", "status[eq", "unknown parameter"),
        ("=open", "", "unknown parameter"),
        ("limit[eq]=5", "limit[eq]", "unknown parameter"),
        ("ids[nin]=a", "ids[nin]", "unknown parameter"),
        ("status[gt]=open", "status[gt]", "status[in]"),
        ("order_number[neq]=1", "order_number[neq]", "order_number[eq-insensitive]"),
        ("required_ship_date[in]=2026-01-01T00:00:00Z", "required_ship_date[in]", "required_ship_date[gte]"),
        ("trackstar_tags=a", "trackstar_tags", "trackstar_tags[contains]"),
        ("status=opne", "status", "'opne' is not one of open, confirmed"),
        ("status[in]=open,opne", "status[in]", "'opne' is not one of"),
        ("status=open,other", "status", "'open,other' is not one of"),
        ("status=open&status=other", "status", "given 2 times"),
        ("status=", "status", "empty"),
        ("status", "status", "empty"),
        ("channel[in]=a,,b", "channel[in]", "empty"),
        ("page_token=", "page_token", "empty"),
        ("page_token=abc", "page_token", "next_token"),
        ("channel=a%00b", "channel", "'a\\x00b'"),
        ("created_date=2026-01", "created_date", "such as 2026-01-31T09:00:00Z"),
        ("created_date=2026-02-30T00:00:00Z", "created_date", "'2026-02-30T00:00:00Z' is not a date"),
        ("created_date=2025-02-29T00:00:00Z", "created_date", "is not a date"),
        ("created_date=0000-01-01T00:00:00Z", "created_date", "is not a date"),
        ("created_date=2026-01-01T24:00:00Z", "created_date", "is not a date"),
        ("created_date=2026-01-01T00:00:60Z", "created_date", "is not a date"),
        ("created_date=2026-01-01T00:00:00.Z", "created_date", "is not a date"),
        ("created_date=2026-01-01T00:00:00%2B0", "created_date", "is not a date"),
        ("created_date=2026-01-01T00:00:00Z%0A", "created_date", "is not a date"),
        ("created_date=1767225600", "created_date", "is not a date"),
        ("channel[in]=" + ",".join("a" * 101), "channel[in]", "101 values; at most 100"),
        ("&".join(["channel[in]=a"] * 101), "channel[in]", "101 values; at most 100"),
        ("ids[in]=" + ",".join("a" * 101), "ids[in]", "101 values; at most 100"),
        ("channel=%ff", "query_string", "UTF-8"),
        ("&".join(["a=1"] * 1001), "query_string", "more than 1000"),
    ],
)
def test_what_does_not_fit_is_refused_under_the_name_it_was_sent_with(text, parameter, says):
    fields = faults(text)
    assert list(fields) == [parameter]
    assert says in fields[parameter][0]


@pytest.mark.parametrize("value", ["Tru", "1", "yes", "null"])
def test_a_flag_that_is_neither_true_nor_false_is_refused(value):
    assert faults(f"active={value}", INVENTORY) == {"active": [f"{value!r} is not true or false"]}


def test_a_filter_that_takes_the_plain_form_only_refuses_all_others():
    assert asked("user_id=u1", LABOR).conditions == (RecordCondition("user_id", "eq", ("u1",)),)
    assert list(faults("user_id[eq]=u1", LABOR)) == ["user_id[eq]"]


def test_all_faults_are_named_at_once():
    fields = faults("status=opne&colour=red&limit=0&page_token=abc&created_date[gt]=today&status[gt]=open")
    assert set(fields) == {"status", "colour", "limit", "page_token", "created_date[gt]", "status[gt]"}


def test_a_hundred_values_are_accepted():
    values = [str(index) for index in range(100)]
    assert asked("channel[in]=" + ",".join(values)).conditions[0].values == tuple(values)


def test_a_long_value_is_cut_in_the_message():
    assert len(faults("status=" + "x" * 10_000)["status"][0]) < 400


@pytest.mark.parametrize("resource", LISTS, ids=[resource.key for resource in LISTS])
def test_every_declared_filter_is_accepted_with_each_of_its_operators(resource):
    value = {Kind.TIME: "2026-01-01T00:00:00Z", Kind.FLAG: "true", Kind.TEXT: "a", Kind.TAGS: "a"}
    for column in resource.filters.values():
        for operator in column.operators:
            name = f"{column.name}[{operator}]" if operator else column.name
            record_query = query.listing(
                resource, [(name, value.get(column.kind) or column.choices[0])], PAGES
            )
            assert [(condition.column, condition.operator) for condition in record_query.conditions] == [
                (column.name, operator or "eq")
            ]


names = st.one_of(
    st.text(max_size=20),
    st.builds(
        lambda name, operator: f"{name}[{operator}]",
        st.sampled_from(["status", "created_date", "ids", "limit", "trackstar_tags", "sku", "page_token"]),
        st.sampled_from(["eq", "in", "gt", "contains", "not_contains", "", "[", "eq-insensitive"]),
    ),
    st.sampled_from(["status", "created_date", "ids", "limit", "page_token", "active"]),
)
values = st.one_of(
    st.text(max_size=50),
    st.sampled_from(["open", "true", "0", "5", "2026-01-01T00:00:00Z", "a,b", ",", "٣", "\x00", "\ud800"]),
)


@given(st.lists(st.tuples(names, values), max_size=8), st.sampled_from(LISTS))
@example([("\ud800", "a")], ORDERS)
@example([("limit", "²")], ORDERS)
def test_whatever_is_sent_is_a_query_or_a_fault_that_can_be_sent_back(given_pairs, resource):
    value = tried(lambda: query.listing(resource, given_pairs, PAGES))
    if isinstance(value, Invalid):
        assert value.detail["query"]
        assert all("".join([name, *texts]).encode() for name, texts in value.detail["query"].items())
    else:
        assert 1 <= value.limit <= 1000
        assert all(1 <= len(condition.values) <= 100 for condition in value.conditions)
        assert value.ids is None or 1 <= len(value.ids) <= 100


@given(st.binary(max_size=200))
def test_whatever_bytes_the_query_string_has_it_is_pairs_or_a_fault(raw):
    value = tried(lambda: pairs(raw))
    if isinstance(value, Invalid):
        assert list(value.detail["query"]) == ["query_string"]
    else:
        assert all(isinstance(part, str) for pair in value for part in pair)


def tried(parse):
    """What it gives, or how it refuses. Anything else that it raises fails the test."""
    try:
        return parse()
    except Invalid as fault:
        return fault


def test_the_parameters_of_other_operations_are_those_they_declare():
    declared = [Parameter("order_id", "path"), PARTIAL]
    assert arguments(declared, {"order_id": "o1"}, []) == {"order_id": "o1", "partial": False}
    assert arguments(declared, {"order_id": "o1"}, [("partial", "true")])["partial"] is True


@pytest.mark.parametrize(
    ("path", "sent", "detail"),
    [
        ("wms", [("colour", "red")], {"query": {"colour": ["unknown parameter"]}}),
        ("wms", [("integration_type", "wms")], {"query": {"integration_type": ["unknown parameter"]}}),
        ("wms", [("partial", "1")], {"query": {"partial": ["'1' is not true or false"]}}),
        (
            "wms",
            [("partial", "")],
            {"query": {"partial": ["'' is empty; give a value or leave the parameter out"]}},
        ),
        ("air", [], {"path": {"integration_type": ["'air' is not one of wms, cart"]}}),
        (
            "a\x00",
            [("colour", "red")],
            {
                "path": {"integration_type": ["'a\\x00' has a character that no stored value has"]},
                "query": {"colour": ["unknown parameter"]},
            },
        ),
    ],
)
def test_what_an_operation_does_not_declare_is_refused(path, sent, detail):
    declared = [Parameter("integration_type", "path", choices=("wms", "cart")), PARTIAL]
    with pytest.raises(Invalid) as caught:
        arguments(declared, {"integration_type": path}, sent)
    assert caught.value.detail == detail


def test_every_parameter_in_a_path_is_declared():
    for operation in all_operations():
        named = {parameter.name for parameter in operation.parameters if parameter.where == "path"}
        assert {part[1:-1] for part in operation.path.split("/") if part.startswith("{")} == named
