"""The question sets are what they say: big enough, quotes stand in the documents, no question is written twice."""

import re

from tests.retrieval_questions import HALVES, SETS, load_questions
from tests.unit.rag_bank import corpus

QUESTIONS = {name: load_questions(name) for name in SETS}
EVERY = [question for questions in QUESTIONS.values() for question in questions]


def test_there_are_enough_questions_in_two_halves_of_about_one_size():
    answerable = {half: sum(bool(q.answers) for q in QUESTIONS[half]) for half in HALVES}
    unanswerable = {half: sum(not q.answers for q in QUESTIONS[half]) for half in HALVES}
    assert sum(answerable.values()) >= 200 and sum(unanswerable.values()) >= 120
    assert abs(answerable["development"] - answerable["test"]) <= 5
    assert abs(unanswerable["development"] - unanswerable["test"]) <= 5


def test_every_quote_stands_in_a_version_in_force_when_the_question_is_asked():
    for question in EVERY:
        for doc_id, quote in question.answers:
            texts = [d.text for d in corpus() if d.doc_id == doc_id and d.is_valid_on(question.asked_on)]
            assert len(texts) == 1 and quote in texts[0], (question.text, doc_id, quote)


def test_no_question_is_written_twice_and_every_one_has_answers_or_a_topic():
    texts = [(re.sub(r"\W+", " ", q.text.casefold()).strip(), q.asked_on) for q in EVERY]
    assert len(set(texts)) == len(texts)
    assert all(bool(q.answers) != bool(q.topic) for q in EVERY)


def test_questions_are_not_the_words_of_their_passage():
    for question in EVERY:
        words = re.findall(r"\w+", question.text.casefold())
        for _, quote in question.answers:
            quoted = " ".join(re.findall(r"\w+", quote.casefold()))
            runs = {" ".join(words[n : n + 6]) for n in range(len(words) - 5)}
            assert not any(run in quoted for run in runs), question.text
