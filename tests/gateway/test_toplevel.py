import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_lineup.gateway.toplevel import NOT_AN_OBJECT, DoubledKeyError, replaced, spans

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
SEPARATORS = st.sampled_from([(",", ":"), (", ", ": "), (" ,\n", " :\t")])


@given(st.dictionaries(st.text(), VALUES, max_size=6), SEPARATORS, st.booleans())
def test_each_value_is_found_where_it_stands(
    value: dict[str, Any], separators: tuple[str, str], ascii_only: bool
) -> None:
    body = json.dumps(value, separators=separators, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    try:
        found = spans(body)
    except NOT_AN_OBJECT:  # a lone surrogate is no Unicode text
        assert any("\ud800" <= character <= "\udfff" for character in json.dumps(value, ensure_ascii=False))
        return
    assert {key: json.loads(body[span.start : span.end]) for key, span in found.items()} == value


@given(st.dictionaries(st.text(st.characters(codec="utf-8")), VALUES, min_size=1, max_size=5), st.data())
def test_a_key_that_stands_twice_is_found_wherever_it_stands(value: dict[str, Any], data: st.DataObject) -> None:
    again = data.draw(st.sampled_from(sorted(value)))
    other = data.draw(VALUES)
    pairs = list(value.items())
    pairs.insert(data.draw(st.integers(0, len(pairs))), (again, other))
    body = ("{" + ",".join(f"{json.dumps(key)}:{json.dumps(one)}" for key, one in pairs) + "}").encode()
    try:
        with pytest.raises(DoubledKeyError):
            spans(body)
    except NOT_AN_OBJECT:
        assert "\\ud" in body.decode()


@pytest.mark.parametrize("body", [b"", b"[]", b"1", b'{"a":}', b'{"a":1', b"\xff", b'{"a":NaN}', b"{" * 5000])
def test_what_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(NOT_AN_OBJECT):
        spans(body)


@pytest.mark.parametrize("body", [b'{"a":1,"a":1}', b'{"a":1,"a":12}', b'{"a":12,"a":1}', b'{"a":{},"\\u0061":{}}'])
def test_two_of_one_name_are_found_whatever_they_say(body: bytes) -> None:
    with pytest.raises(DoubledKeyError) as found:
        spans(body)
    assert found.value.key == "a"


def test_all_but_the_changed_values_stays_as_it_was() -> None:
    body = b'{ "a" : 1.50 , "model": "x", "z":"\\u00e9" }'
    assert replaced(body, [(spans(body)["model"], b'"y"')]) == b'{ "a" : 1.50 , "model": "y", "z":"\\u00e9" }'
