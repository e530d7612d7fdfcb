"""What is proposed, and the reason that is given: pure functions."""

from __future__ import annotations

import pytest

from mappings.suggestions import NEW, Candidate, Remote, candidates_of, domain_of, plain_name, suggestion_for
from mappings.vocabulary import BEGINNING, MEANINGS

WORDS = {
    kind: [Candidate(place, name, key=key) for place, (key, name, _) in enumerate(values)]
    for kind, values in BEGINNING.items()
}
CLIENTS = [
    Candidate(1, "Acme Inc.", website="https://www.acme.test/about"),
    Candidate(2, "Globex"),
    Candidate(3, "Twin", website="twin.test"),
    Candidate(4, "Twin Two", website="www.twin.test"),
]
PEOPLE = [Candidate(1, "Ada Byrne", email="ada@acme.test"), Candidate(2, "Tom Ek", email="tom@acme.test")]


def said(kind: str, remote: Remote, among: list[Candidate]) -> tuple[int | str, str, bool] | None:
    found = suggestion_for(kind, remote, candidates_of(among))
    return None if found is None else (found.target, found.reason, found.certain)


def key_of(kind: str, remote: Remote) -> str:
    found = said(kind, remote, WORDS[kind])
    return WORDS[kind][int(found[0])].key if found else ""


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("New (email)", "new"),
        ("Assigned", "in_progress"),
        ("Waiting on Customer", "waiting_client"),
        ("Waiting Parts", "waiting_vendor"),
        ("On-site scheduled", "scheduled"),
        ("Completed*", "resolved"),
        ("Cancelled", "closed"),
        ("Renewal", ""),
        ("", ""),
    ],
)
def test_a_status_is_understood_by_whole_words(name: str, key: str) -> None:
    assert key_of("status", Remote(name)) == key


def test_what_the_psa_says_of_a_status_counts_when_its_name_says_nothing() -> None:
    assert said("status", Remote("Xyz", is_closed=True), WORDS["status"]) == (6, "closes tickets", False)
    assert said("status", Remote("Xyz", is_default=True), WORDS["status"]) == (0, "the PSA's default", False)
    assert said("status", Remote("Resolved", is_closed=True), WORDS["status"]) == (5, "same name", True)


def test_priorities_go_by_name_and_else_by_their_place_where_there_are_as_many() -> None:
    assert key_of("priority", Remote("Priority 2 - Quick Response")) == "high"
    assert said("priority", Remote("Gold", place=2, places=4), WORDS["priority"]) == (
        2,
        "number 3 of 4 in the PSA's order",
        False,
    )
    assert said("priority", Remote("Gold", place=2, places=5), WORDS["priority"]) is None


def test_a_value_that_was_removed_is_not_proposed() -> None:
    left = [one for one in WORDS["status"] if one.key != "closed"]
    assert said("status", Remote("Xyz", is_closed=True), left) is None


@pytest.mark.parametrize(
    ("remote", "expected"),
    [
        (Remote("globex "), (2, "same name", True)),
        (Remote("Globex", twins=2), (2, "same name", False)),
        (Remote("ACME Incorporated"), (1, "same name but for spelling or legal form", False)),
        (Remote("A. C. M. E.", website="acme.test"), (1, "same website", False)),
        (Remote("Other", website="http://twin.test"), (NEW, "no client has this name or website", False)),
        (Remote("Other", twins=2), None),
        (Remote("!!!"), None),
    ],
)
def test_companies(remote: Remote, expected: tuple[int | str, str, bool] | None) -> None:
    assert said("company", remote, CLIENTS) == expected


def test_members_are_certain_by_email_alone_and_never_without_one() -> None:
    assert said("member", Remote("Anybody", email=" ADA@acme.test"), PEOPLE) == (1, "same email", True)
    assert said("member", Remote("tom ek", email="t@else.test"), PEOPLE) == (2, "same name", False)
    assert said("member", Remote("Anybody"), [*PEOPLE, Candidate(3, "No mail")]) is None


def test_names_and_websites_are_compared_by_what_matters() -> None:
    assert plain_name("Müller & Söhne GmbH") == plain_name("müller söhne")
    assert plain_name("Limited") == "limited"
    assert [domain_of(text) for text in ("https://WWW.a.test:8080/x?y", "a.test", "localhost", "")] == [
        "a.test",
        "a.test",
        "",
        "",
    ]


def test_every_meaning_belongs_to_a_word_of_the_beginning() -> None:
    for kind, meanings in MEANINGS.items():
        assert set(meanings) <= {key for key, _, _ in BEGINNING[kind]}
