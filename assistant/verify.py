"""No claim without a passage that supports it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from assistant.answer import Answer, Citation, Claim, Part
from corpus.check import figures_in


def verify(answer: Answer) -> Answer:
    """Drop every claim that its citations do not prove, and citations no claim uses.

    The conclusion needs citations throughout; advice in the other parts may go without.
    """
    conclusion = tuple(c for c in answer.conclusion if proven(c, answer.citations))
    parts = (
        Part(
            part.heading,
            tuple(c for c in part.claims if not c.citations or proven(c, answer.citations)),
        )
        for part in answer.parts
    )
    kept = tuple(part for part in parts if part.claims)
    return renumber(replace(answer, conclusion=conclusion, parts=kept))


def proven(claim: Claim, citations: Sequence[Citation]) -> bool:
    """Whether a claim has a citation, each quote stands in its passage and each figure in one."""
    if not claim.citations or max(claim.citations) > len(citations):
        return False
    cited = [citations[number - 1] for number in claim.citations]
    if not all(citation.quote and citation.quote in citation.text for citation in cited):
        return False
    return figures_in(claim.text) <= figures_in("\n".join(c.text for c in cited))


def renumber(answer: Answer) -> Answer:
    """Give citations numbers in the order in which claims use them."""
    claims = (*answer.conclusion, *(c for part in answer.parts for c in part.claims))
    used = list(dict.fromkeys(number for claim in claims for number in claim.citations))
    new = {old: position for position, old in enumerate(used, 1)}

    def moved(group: Iterable[Claim]) -> tuple[Claim, ...]:
        return tuple(Claim(c.text, tuple(new[n] for n in c.citations)) for c in group)

    return replace(
        answer,
        conclusion=moved(answer.conclusion),
        parts=tuple(Part(part.heading, moved(part.claims)) for part in answer.parts),
        citations=tuple(replace(answer.citation(old), number=new[old]) for old in used),
    )
