from datetime import date

import numpy as np

from assistant.ask import Assistant
from ingest.langchain_adapter import WenfaEmbeddings, WenfaRetriever


def test_the_retriever_finds_what_the_index_finds(assistant: Assistant) -> None:
    retriever = WenfaRetriever(library=assistant.library, k=5, on=date(2026, 11, 20))
    documents = retriever.invoke("试用期最长多久")
    assert len(documents) == 5
    assert documents[0].metadata["provision"] == "labor-contract-law/19"
    assert documents[0].page_content


def test_the_embeddings_are_those_of_the_embedder(assistant: Assistant) -> None:
    embeddings = WenfaEmbeddings(assistant.library.embedder)
    (row,) = embeddings.embed_documents(["试用期"])
    np.testing.assert_allclose(row, embeddings.embed_query("试用期"), atol=1e-6)
