"""The whole way from a question to a proven answer, read top to bottom."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from assistant.answer import Answer, AnswerKind, Question
from assistant.evidence import (
    RefusalWeights,
    features,
    load_refusal_weights,
    probability,
)
from assistant.verify import verify
from assistant.write import MOST_EVIDENCE, evidence, give_way, hotline_line, write
from corpus.errors import QuestionError
from ingest.index import Filter, Hit
from ingest.library import Library

LONGEST_QUESTION = 2_000
"""Characters a question may have."""


@dataclass(frozen=True)
class Assistant:
    """Answers questions from one library."""

    library: Library
    refusal: RefusalWeights = field(default_factory=load_refusal_weights)

    def ask(self, question: Question) -> Answer:
        """Answer a question with proven claims, or say why not.

        Raises QuestionError where the question is empty or too long.
        """
        question = replace(question, text=check(question.text))
        self.library.index.refresh()
        hits = self.search(question)
        likely = probability(features(question.text, hits, self.library.index), self.refusal)
        if likely < self.refusal.threshold:
            return self._refuse(question, hits)
        answer = verify(write(question, hits, self.library.index, self.library.store))
        return answer if answer.conclusion else self._refuse(question, hits)

    def search(self, question: Question) -> list[Hit]:
        """Find the passages in force on the day and in the place of the question."""
        within = Filter(on=question.on, region=question.region)
        query = " ".join((*question.history[-1:], question.text))
        return self.library.index.search(query, within=within, k=MOST_EVIDENCE)

    def _refuse(self, question: Question, hits: list[Hit]) -> Answer:
        """Say that nothing held carries an answer, what is closest and who can help."""
        found = give_way(question, hits, self.library.store)
        nearest = evidence(found, self.library.store, question.on)
        names = "、".join(f"《{e.law}》第{e.article}条" for e in nearest[:3] if e.article)
        index = self.library.index
        outside = index.coverage(question.text, [hit.face for hit in hits[:5]]) < 0.35
        kind: AnswerKind = "out_of_field" if outside else "not_in_corpus"
        message = (
            "这个问题不在我能回答的范围里：我只回答中国劳动法和工会工作的问题。"
            if outside
            else f"查过知识库里 {index.faces} 条内容，没有足够的依据回答这个问题，所以不乱说。"
        )
        if names and not outside:
            message += (
                f"最接近的是{names}，可以换个说法再问，把发生了什么、什么时候、在哪里说清楚。"
            )
        return Answer(
            kind=kind,
            question=question,
            message=message,
            hotline="" if outside else hotline_line(question.text),
            retrieved=nearest,
        )


def check(text: str) -> str:
    """Return the question without stray blanks; QuestionError where it cannot be answered."""
    clean = re.sub(r"[\x00-\x1f\x7f]+", " ", text).strip()
    if not clean:
        raise QuestionError("问题是空的；请写下想问的事，例如：试用期被辞退有没有补偿")
    if len(clean) > LONGEST_QUESTION:
        raise QuestionError(f"问题有 {len(clean)} 个字，最多 {LONGEST_QUESTION} 个；请只留下要紧的")
    return clean
