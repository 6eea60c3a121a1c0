"""One spelling to write, nothing ambiguous to read."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from station_app.errors import Bug, Refused
from station_app.sync.strict import DEPTH, LARGEST, canonical, read_canonical, read_json
from tests.sync.made import refusal, share

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
TREES = st.recursive(
    st.none() | st.booleans() | st.integers(-LARGEST, LARGEST) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


def test_canonical_form_is_that_of_rfc_8785():
    # keys by UTF-16 code units: U+1F600 begins with D83D and so stands before U+FB33, though its code point is higher
    tree = {"\ufb33": 1, "😀": 2, "\r": 3, "1": 4, "\u0080": 5, "ö": 6, "€": 7}
    assert list(json.loads(canonical(tree))) == ["\r", "1", "\u0080", "ö", "€", "😀", "\ufb33"]
    assert canonical({"b": [True, None, '\u0007\n"\\/龑\u2028'], "a": -1}) == (
        b'{"a":-1,"b":[true,null,"\\u0007\\n\\"\\\\/' + "龑\u2028".encode() + b'"]}'
    )


@pytest.mark.parametrize("tree", [1.0, float("nan"), 2**53, -(2**53), b"bytes", {1: 2}, "\ud800", {"\udfff": 1}])
def test_what_does_not_cross_is_not_written(tree):
    with pytest.raises(Bug):
        canonical(tree)


@given(TREES)
@settings(max_examples=share(2000))
def test_every_tree_comes_back(tree):
    assert read_canonical(canonical(tree)) == tree


REFUSED = {
    "a key twice": b'{"a":1,"a":1}',
    "a key twice, once escaped": b'{"a":1,"\\u0061":1}',
    "a key twice, deep down": b'[{"x":{"a":1,"b":2,"a":3}}]',
    "not a number": b'{"a":NaN}',
    "infinite": b"[-Infinity]",
    "a fraction": b'{"a":1.0}',
    "an exponent": b'{"a":1e3}',
    "minus zero": b"-0",
    "beyond 53 bits": b"9007199254740992",
    "a number of 5,000 digits": b"1" * 5000,
    "a lone surrogate": b'{"a":"\\ud800"}',
    "a lone surrogate in a key": b'{"\\udc00":1}',
    "a lone surrogate in a list": b'["\\ud83d"]',
    "a lone surrogate alone": b'"\\ud83d"',
    "a surrogate in UTF-8": b'"\xed\xa0\x80"',
    "a byte order mark": b"\xef\xbb\xbf{}",
    "UTF-16": '{"a":1}'.encode("utf-16"),
    "not UTF-8": b'{"a":"\xff"}',
    "a bare control character": b'"\x01"',
    "one level too deep": b"[" * (DEPTH + 1) + b"]" * (DEPTH + 1),
    "a hundred thousand levels": b"[" * 100_000,
    "objects nested beyond every stack": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "something after it": b"{} {}",
    "nothing": b"",
    "a quote that never ends": b'{"a',
}


@pytest.mark.parametrize("data", REFUSED.values(), ids=REFUSED.keys())
def test_ambiguous_json_is_refused(data):
    assert refusal(lambda: read_json(data)) == "sync_files.bad_json"


def test_the_deepest_allowed_is_read_and_brackets_in_text_do_not_count():
    assert read_json(b"[" * DEPTH + b"]" * DEPTH)
    many = json.dumps(["[" * 100 + '\\"' + "{" * 100] * 3).encode()
    assert read_json(many) == json.loads(many)


@pytest.mark.parametrize("data", [b'{"a": 1}', b'{"b":1,"a":2}', b'"\\u0041"', b'"\\/"', b"[1]\n", b'"\\u000A"'])
def test_any_other_spelling_is_refused_where_one_is_demanded(data):
    assert read_json(data)
    assert refusal(lambda: read_canonical(data)) == "sync_files.bad_json"


@given(st.binary(max_size=200) | TREES.map(lambda tree: json.dumps(tree).encode()))
@settings(max_examples=share(3000))
def test_any_bytes_are_a_tree_or_refused(data):
    try:
        tree = read_json(data)
    except Refused:
        return
    assert read_canonical(canonical(tree)) == tree
