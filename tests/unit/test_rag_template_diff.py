"""Differences of two texts: nothing that changed is left out, and what did not change is not shown."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.template_diff import differences

RATE = "Harbor Savings earns 4.10% annual percentage yield (APY)."
HELLO = "Hi {first_name},"
CALL = "Have a look: {link}"


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        ([HELLO, RATE], [HELLO, RATE], []),
        ([HELLO, RATE], [HELLO, RATE.replace("4.10", "3.90")], ["~ " + RATE.replace("4.10%", "[-4.10%-] [+3.90%+]")]),
        ([HELLO, RATE, CALL], [HELLO, CALL], ["- " + RATE]),
        ([HELLO, CALL], [HELLO, RATE, CALL], ["+ " + RATE]),
        (["Open it online."], ["Open it online today."], ["~ Open it [-online.-] [+online today.+]"]),
        (["No fee applies."], ["A fee applies."], ["~ [-No-] [+A+] fee applies."]),
        ([HELLO, "An old line about the sea."], [HELLO, "Zebras!"], ["+ Zebras!", "- An old line about the sea."]),
    ],
)
def test_lines_are_as_a_person_reads_them(before, after, lines):
    assert differences(before, after) == lines


SENTENCES = st.lists(st.text("abc 1%.", min_size=1, max_size=12).map(lambda text: f"x{text}x"), max_size=5)


def rebuilt(line, drop, keep):
    """One side of a changed line."""
    line = re.sub(rf"\[\{drop}[^\[\]]*\{drop}\] ?", "", line)
    return re.sub(rf"\[\{keep}([^\[\]]*)\{keep}\]", r"\1", line)


@given(before=SENTENCES, after=SENTENCES)
def test_both_texts_can_be_told_from_the_lines(before, after):
    lines = differences(before, after)
    assert (lines == []) == (before == after)
    gone = [line[2:] for line in lines if line[0] == "-"] + [
        rebuilt(line[2:], "+", "-") for line in lines if line[0] == "~"
    ]
    come = [line[2:] for line in lines if line[0] == "+"] + [
        rebuilt(line[2:], "-", "+") for line in lines if line[0] == "~"
    ]
    squeeze = lambda texts: sorted(text.replace(" ", "") for text in texts)  # noqa: E731
    for text in squeeze(gone):
        assert text in squeeze(before)
    for text in squeeze(come):
        assert text in squeeze(after)
    assert len(before) - len(gone) == len(after) - len(come)
