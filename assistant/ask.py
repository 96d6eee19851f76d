"""The whole way from a question to a proven answer, read top to bottom."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from assistant.answer import Answer, Evidence, Question
from assistant.evidence import (
    RefusalWeights,
    features,
    load_refusal_weights,
    probability,
)
from assistant.intent import IntentWeights, intents, load_intent_weights
from assistant.verify import verify
from assistant.write import MOST_EVIDENCE, evidence, give_way, hotline_line, write
from corpus.errors import QuestionError
from corpus.provision import article_label
from ingest.index import Filter, Hit
from ingest.library import Library

LONGEST_QUESTION = 2_000
"""Characters a question may have."""

OUT_OF_FIELD = (
    "这个问题不在我能回答的范围里：我只回答中国劳动法和工会工作的问题。"
    "别的法律问题可以打 12348（法律咨询；号码未与官方文本核对）。"
)
NOT_IN_CORPUS = "查过知识库里的 {documents} 份文件和指南，没有足够的依据回答这个问题，所以不乱说。"
NEAREST = "最接近的是{names}。可以换个说法再问：发生了什么、什么时候、在哪里。"
MUST_NOT_HELP = (
    "这件事不能帮：它是在规避法律、造假，或者会损害别人的权益和隐私。"
    "想知道这样做有什么后果，或者合法的做法是什么，可以直接问。"
)
LAW_ON_IT = "相关的规定见{names}。"


@dataclass(frozen=True)
class Assistant:
    """Answers questions from one library."""

    library: Library
    refusal: RefusalWeights = field(default_factory=load_refusal_weights)
    intent: IntentWeights = field(default_factory=load_intent_weights)

    def ask(self, question: Question) -> Answer:
        """Answer a question with proven claims, or say why not.

        Raises QuestionError where the question is empty or too long.
        """
        question = replace(question, text=check(question.text))
        self.library.index.refresh()
        meant = intents(asked_text(question), self.intent)
        hits = self.search(question)
        if meant["must_not_help"] >= self.refusal.misuse:
            return self._decline(question, hits)
        likely = probability(self.features(question, hits), self.refusal)
        if likely < self.refusal.threshold:
            outside = meant["out_of_field"] >= meant["in_field"]
            return self._refuse(question, hits, outside=outside)
        answer = verify(write(question, hits, self.library.index, self.library.store))
        return answer if answer.conclusion else self._refuse(question, hits, outside=False)

    def search(self, question: Question) -> list[Hit]:
        """Find the passages in force on the day and in the place of the question."""
        within = Filter(on=question.on, region=question.region)
        return self.library.index.search(asked_text(question), within=within, k=MOST_EVIDENCE)

    def features(self, question: Question, hits: Sequence[Hit]) -> dict[str, float]:
        """Describe the evidence for a question; see assistant.evidence."""
        asked = asked_text(question)
        return features(asked, hits, self.library.index, intents(asked, self.intent))

    def _refuse(self, question: Question, hits: list[Hit], *, outside: bool) -> Answer:
        """Say that nothing held carries an answer, what is closest and who can help."""
        nearest = self._nearest(question, hits)
        if outside:
            return Answer("out_of_field", question, message=OUT_OF_FIELD, retrieved=nearest)
        message = NOT_IN_CORPUS.format(documents=self.library.store.counts()["documents"])
        if names := _names(nearest[:3]):
            message += NEAREST.format(names=names)
        return Answer(
            "not_in_corpus",
            question,
            message=message,
            hotline=hotline_line(question.text),
            retrieved=nearest,
        )

    def _decline(self, question: Question, hits: list[Hit]) -> Answer:
        """Decline to help break the law or harm somebody, and name what the law says on it."""
        nearest = self._nearest(question, hits)
        names = _names(nearest[:2])
        return Answer(
            "must_not_help",
            question,
            message=MUST_NOT_HELP + (LAW_ON_IT.format(names=names) if names else ""),
            hotline=hotline_line(question.text),
            retrieved=nearest,
        )

    def _nearest(self, question: Question, hits: list[Hit]) -> tuple[Evidence, ...]:
        found = give_way(question, hits, self.library.index, self.library.store)
        return evidence(found, self.library.store, question.on)


def asked_text(question: Question) -> str:
    """Return the question after the one before it, which a follow-up needs to be understood."""
    return " ".join((*question.history[-1:], question.text))


def _names(found: Sequence[Evidence]) -> str:
    """Name provisions as a reader cites them."""
    return "、".join(
        f"《{item.law}》{article_label(item.article)}" for item in found if item.article
    )


def check(text: str) -> str:
    """Return the question without stray blanks; QuestionError where it cannot be answered."""
    clean = re.sub(r"[\x00-\x1f\x7f]+", " ", text).strip()
    if not clean:
        raise QuestionError("问题是空的；请写下想问的事，例如：试用期被辞退有没有补偿")
    if len(clean) > LONGEST_QUESTION:
        raise QuestionError(f"问题有 {len(clean)} 个字，最多 {LONGEST_QUESTION} 个；请只留下要紧的")
    return clean
