"""All families of bad inputs, in order, and the table of them that the README of rag shows."""

from tests.adversarial import cases_citations, cases_claims, cases_documents, cases_people, cases_runs, cases_text
from tests.adversarial.families import Family, verdicts_of

FAMILIES: tuple[Family, ...] = tuple(
    sorted(
        (
            *cases_citations.FAMILIES,
            *cases_claims.FAMILIES,
            *cases_documents.FAMILIES,
            *cases_people.FAMILIES,
            *cases_runs.FAMILIES,
            *cases_text.FAMILIES,
        ),
        key=lambda family: family.name,
    )
)


def table() -> str:
    """Run every family and return the table by family, as Markdown."""
    rows = ["| family | input | required outcome | cases | passed |", "|---|---|---|---|---|"]
    for family in FAMILIES:
        verdicts = verdicts_of(family)
        passed = sum(not verdict.faults for verdict in verdicts)
        rows.append(f"| {family.name} | {family.title} | {family.outcome} | {len(verdicts)} | {passed} |")
    return "\n".join(rows)


if __name__ == "__main__":
    print(table())
