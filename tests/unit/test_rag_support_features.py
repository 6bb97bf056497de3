"""Measures of a claim laid over its evidence, and the reasons given for them."""

import numpy as np
import pytest

from rag.support.features import FEATURES, extract, extract_many
from rag.support.reading import read
from rag.support.reasons import reasons_for

EVIDENCE = (
    "Rovers beat Athletic 3-2 on Sunday in front of 4,120 people. Keita scored the winner in stoppage time. "
    "The club may sign a new keeper. Ticket prices will not rise next year."
)


def measured(claim: str, evidence: str = EVIDENCE) -> dict[str, float]:
    row, _ = extract(read(claim), read(evidence))
    return dict(zip(FEATURES, row.tolist(), strict=True))


def reasons(claim: str, evidence: str = EVIDENCE) -> list[str]:
    _, alignment = extract(read(claim), read(evidence))
    assert alignment is not None
    return reasons_for(alignment)


def test_a_sentence_of_the_evidence_is_covered_whole() -> None:
    values = measured("Keita scored the winner in stoppage time.")
    assert values["soft_best"] == values["exact_best"] == values["common_order"] == values["common_run"] == 1.0
    assert values["unsaid_weight"] == values["numbers_missing"] == values["names_missing"] == 0.0


@pytest.mark.parametrize(
    ("claim", "feature", "expected"),
    [
        ("Rovers beat Athletic in front of 4,210 people.", "numbers_missing", 1.0),
        ("Rovers beat Athletic in front of 4,210 people.", "numbers_conflict", 1.0),
        ("Rovers beat Athletic in front of 4120 people.", "numbers_missing", 0.0),
        ("Rovers beat Dynamo on Sunday.", "names_missing", 1.0),
        ("Ticket prices will fall next year.", "opposites", 0.0),
        ("The club may not sign a new keeper.", "negation_parity", 1.0),
        ("The club must sign a new keeper.", "strong_added", 1.0),
        ("The club will sign a new keeper.", "doubt_dropped", 1.0),
        ("All people saw Rovers beat Athletic.", "universal_added", 1.0),
        ("Rovers beat Athletic on Monday.", "exclusive", 1.0),
        ("The club may sign an old keeper.", "opposites", 1.0),
        ("The club may sign an old keeper.", "opposites_near", 1.0),
        ("Athletic beat Rovers on Sunday.", "roles_swapped", 1.0),
        ("Athletic was beaten by Rovers on Sunday.", "roles_swapped", 0.0),
    ],
)
def test_each_kind_of_error_moves_its_measure(claim: str, feature: str, expected: float) -> None:
    assert measured(claim)[feature] == expected


def test_a_negated_word_differs_only_where_the_other_is_not() -> None:
    assert measured("Ticket prices will rise next year.")["negation_scope"] > 0
    assert measured("Ticket prices will not rise next year.")["negation_scope"] == 0


def test_an_edit_of_a_near_copy_is_measured_where_it_stands() -> None:
    same = measured("Keita scored the winner in stoppage time.")
    assert same["edit_equal"] == 1.0
    assert same["edit_sibling"] == same["edit_inserted"] == same["edit_limits_dropped"] == 0.0
    assert measured("Keita scored the loser in stoppage time.")["edit_sibling"] > 0
    assert measured("Keita scored the winner in stoppage time with a header.")["edit_inserted"] > 0
    assert measured("The club signs a new keeper.")["edit_limits_dropped"] > 0
    assert measured("The club may only sign a new keeper.")["edit_turns_added"] > 0


def test_a_number_counts_with_what_stands_around_it() -> None:
    evidence = "The fast service costs 142 and takes five days. The standard service costs 82 and takes three weeks."
    right = measured("The standard service costs 82.", evidence)["context_least"]
    assert right == 1.0
    assert measured("The fast service costs 82.", evidence)["context_least"] < right


def test_synonyms_cover_and_opposites_do_not() -> None:
    said = measured("The firm purchased a car.", "The company bought an automobile.")["soft_best"]
    turned = measured("Sales increased.", "Sales decreased.")
    assert said > 0.8
    assert turned["soft_best"] < 0.7
    assert turned["opposites"] == 1.0


def test_an_acronym_is_found_by_its_initials() -> None:
    assert measured("The WHO praised it.", "It was praised by the World Health Organization.")["names_missing"] == 0


def test_reasons_name_what_counted() -> None:
    found = reasons("Rovers beat Dynamo in front of 4,210 people.")
    assert "number 4,210 not in evidence, which has 4,120" in found
    assert "name Dynamo not in evidence" in found
    assert found[-1] == "best sentence: Rovers beat Athletic 3-2 on Sunday in front of 4,120 people."
    assert "negation differs at: rise, next, year" in reasons("Ticket prices will rise next year.")
    assert "'Monday' where evidence has 'sunday'" in reasons("Rovers beat Athletic on Monday.")
    assert any(reason.startswith("not said: ") and "coach" in reason for reason in reasons("The coach resigned."))


def test_rows_do_not_depend_on_what_they_are_batched_with() -> None:
    claims = ["Keita scored.", "Rovers lost 3-2.", "Nobody came."]
    together, _ = extract_many(claims, [EVIDENCE] * 3)
    alone = np.concatenate([extract_many([claim], [EVIDENCE])[0] for claim in claims])
    assert np.array_equal(together, alone)


def test_nothing_to_compare_gives_zeros() -> None:
    rows, alignments = extract_many(["", "a", "word"], ["text", "", "..."])
    assert not rows.any()
    assert alignments == [None, None, None]
