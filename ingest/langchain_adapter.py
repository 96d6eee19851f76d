"""The index and the embedder as LangChain knows them, for use in anybody's chains.

>>> from ingest.langchain_adapter import WenfaRetriever
>>> from ingest.library import open_library
>>> from ingest.settings import ingest_settings
>>> retriever = WenfaRetriever(library=open_library(ingest_settings()))  # doctest: +SKIP
>>> retriever.invoke("试用期被辞退有没有补偿")[0].metadata["provision"]  # doctest: +SKIP
'labor-contract-law/21'
"""

from __future__ import annotations

from datetime import date

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document as ChainDocument
from langchain_core.embeddings import Embeddings
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict, SkipValidation

from ingest.embed import Embedder
from ingest.index import Filter
from ingest.library import Library


class WenfaRetriever(BaseRetriever):
    """Finds the passages of the library that answer a question."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    library: SkipValidation[Library]
    k: int = 10
    on: date | None = None
    """Day whose law is searched; today where none is given."""
    region: str | None = None

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun
    ) -> list[ChainDocument]:
        within = Filter(self.on or date.today(), self.region)
        return [
            ChainDocument(
                id=hit.passage.id,
                page_content=hit.passage.text,
                metadata={
                    "provision": hit.passage.provision,
                    "law": hit.passage.document.short,
                    "label": hit.passage.label,
                    "title": hit.passage.title,
                    "score": hit.score,
                },
            )
            for hit in self.library.index.search(query, within=within, k=self.k)
        ]


class WenfaEmbeddings(Embeddings):
    """Any of our embedders where LangChain wants one."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Embed what is searched."""
        rows: list[list[float]] = self._embedder.passages(texts).tolist()
        return rows

    def embed_query(self, text: str) -> list[float]:
        """Embed what is asked."""
        row: list[float] = self._embedder.queries([text])[0].tolist()
        return row
