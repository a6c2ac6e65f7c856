"""What a user would pick instead, each on the tokens and vectors of kbsearch.

An engine that keeps one vector a row gets a row for each title, question and body, and an article
is as good as its best row; ``by article`` gives it a row for each article, with the mean vector:
fewer rows, less to find. What a peer cannot take is said in its docstring. Versions are those of
the extra `bench`.
"""

import logging
import os
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib import import_module
from itertools import islice
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.scale.documents import Documents, Rows

TOP_K = 5
_DEPTH = 100  # rows of each leg that are fused
_DENSE_SHARE = 0.7  # as in kbsearch, wherever a peer lets one choose
_INDEXED_FROM = 50_000  # rows from which LanceDB gets a vector index; its users scan below

Vector = NDArray[np.float32]


class Peer(ABC):
    """An engine under test."""

    modules: ClassVar[tuple[str, ...]]
    """What must be importable."""

    @abstractmethod
    def build(self, documents: Documents) -> None:
        """Indexes the documents."""

    @abstractmethod
    def search(self, tokens: Sequence[str], vector: Vector) -> list[str]:
        """Ids of the best articles, best first."""


class Entry(NamedTuple):
    """A peer in the race.

    Attributes:
        name: For tables.
        make: Gives a new one.
        most: Up to how many articles it is measured: beyond, its build or its searches would take
            minutes or gigabytes.
        quick: Whether `make bench-quick` measures it.
    """

    name: str
    make: Callable[[], Peer]
    most: int = 100_000
    quick: bool = False


def missing(peer: Peer) -> str:
    """Why a peer cannot run; "" if it can."""
    try:
        for module in peer.modules:
            import_module(module)
    except ImportError as error:
        return str(error)
    return ""


class _Flat:
    """faiss IndexFlatIP over all rows; an article's score is its best row's."""

    def __init__(self, rows: Rows) -> None:
        import faiss

        self._owners = rows.owners
        self._index = faiss.IndexFlatIP(rows.vectors.shape[1])
        self._index.add(rows.vectors)

    def search(self, vector: Vector) -> dict[int, float]:
        """Article → score."""
        scores, found = self._index.search(vector[None], _DEPTH)
        best: dict[int, float] = {}
        for row, score in zip(found[0].tolist(), scores[0].tolist(), strict=True):
            if row >= 0:
                best.setdefault(int(self._owners[row]), score)
        return best


class RankBM25(Peer):
    """The glue that most people write: BM25Okapi, IndexFlatIP, min-max convex fusion."""

    modules = ("rank_bm25", "faiss")

    def build(self, documents: Documents) -> None:
        """Both legs."""
        from rank_bm25 import BM25Okapi

        self._ids = documents.ids
        self._bm25 = BM25Okapi(documents.tokens)
        self._flat = _Flat(documents.texts)

    def search(self, tokens: Sequence[str], vector: Vector) -> list[str]:
        """The fused ranking."""
        scores = self._bm25.get_scores(tokens)
        best = np.argsort(-scores, kind="stable")[:_DEPTH]
        lexical = dict(zip(best.tolist(), scores[best].tolist(), strict=True))
        return _fused(lexical, self._flat.search(vector), self._ids)


class BM25S(Peer):
    """bm25s with the same glue; `backend` is ``numpy`` or ``numba``."""

    modules = ("bm25s", "numba", "faiss")

    def __init__(self, backend: str) -> None:
        self._backend = backend

    def build(self, documents: Documents) -> None:
        """Both legs; numba compiles at the first search, which is not timed."""
        import bm25s

        self._ids = documents.ids
        self._bm25 = bm25s.BM25(backend=self._backend)
        self._bm25.index(documents.tokens, show_progress=False)
        self._flat = _Flat(documents.texts)

    def search(self, tokens: Sequence[str], vector: Vector) -> list[str]:
        """The fused ranking."""
        known = [token for token in tokens if token in self._bm25.vocab_dict]
        lexical: dict[int, float] = {}
        if known:
            depth = min(_DEPTH, len(self._ids))
            found, scores = self._bm25.retrieve([known], k=depth, show_progress=False)
            lexical = dict(zip(found[0].tolist(), scores[0].tolist(), strict=True))
        return _fused(lexical, self._flat.search(vector), self._ids)


class Tantivy(Peer):
    """tantivy: BM25 only, the tokens as terms, no vectors."""

    modules = ("tantivy",)

    def build(self, documents: Documents) -> None:
        """One document an article."""
        import tantivy

        schema = tantivy.SchemaBuilder()
        schema.add_text_field("terms", tokenizer_name="whitespace", index_option="freq")
        schema.add_unsigned_field("row", stored=True)
        self._schema = schema.build()
        self._ids = documents.ids
        index = tantivy.Index(self._schema)
        writer = index.writer()
        for row, tokens in enumerate(documents.tokens):
            writer.add_document(tantivy.Document(terms=" ".join(tokens), row=row))
        writer.commit()
        writer.wait_merging_threads()
        index.reload()
        self._searcher = index.searcher()

    def search(self, tokens: Sequence[str], vector: Vector) -> list[str]:
        """The lexical ranking."""
        from tantivy import Occur, Query

        terms = [(Occur.Should, Query.term_query(self._schema, "terms", t)) for t in tokens]
        hits = self._searcher.search(Query.boolean_query(terms), TOP_K).hits
        return [self._ids[self._searcher.doc(address)["row"][0]] for _, address in hits]


class _OfRows(Peer):
    """An engine with one vector a row."""

    def __init__(self, *, by_article: bool) -> None:
        self._by_article = by_article

    def build(self, documents: Documents) -> None:
        """Indexes the rows asked for."""
        rows = documents.articles if self._by_article else documents.texts
        self._ids = [documents.ids[owner] for owner in rows.owners.tolist()]
        # Seven rows are the most that one article of the corpus has.
        self._wanted = TOP_K if self._by_article else 7 * TOP_K
        self._index([" ".join(tokens) for tokens in rows.tokens], rows.vectors)

    @abstractmethod
    def _index(self, texts: list[str], vectors: Vector) -> None:
        """Indexes rows of blank-separated tokens."""

    def _articles(self, rows: Iterable[int]) -> list[str]:
        """The first articles among rows, best first."""
        return list(islice(dict.fromkeys(self._ids[row] for row in rows), TOP_K))


class Txtai(_OfRows):
    """txtai hybrid: its BM25, faiss as it chooses (IVF from 5,000 rows), convex fusion.

    It takes tokens as a text that it splits at blanks, and vectors from a function.
    """

    modules = ("txtai",)

    def _index(self, texts: list[str], vectors: Vector) -> None:
        from txtai import Embeddings

        known = dict(zip(texts, vectors, strict=True))
        self._vectors = known

        def transform(asked: Sequence[str]) -> Vector:
            return np.stack([self._vectors[text] for text in asked])

        scoring = {"method": "bm25", "terms": True, "normalize": True}
        scoring["tokenizer"] = {"whitespace": True}
        self._embeddings = Embeddings(method="external", transform=transform, scoring=scoring)
        self._embeddings.index((row, text, None) for row, text in enumerate(texts))
        self._vectors = {}

    def search(self, tokens: Sequence[str], vector: Vector) -> list[str]:
        """The hybrid ranking."""
        text = " ".join(tokens)
        self._vectors[text] = vector
        found = self._embeddings.search(text, self._wanted, weights=_DENSE_SHARE)
        return self._articles(row for row, _ in found)


class Haystack(_OfRows):
    """haystack-ai: in-memory BM25 and embedding retrievers, joined by reciprocal rank.

    The components are called one by one, without the cost of a pipeline.
    """

    modules = ("haystack",)

    def _index(self, texts: list[str], vectors: Vector) -> None:
        os.environ.setdefault("HAYSTACK_TELEMETRY_ENABLED", "False")
        from haystack import Document
        from haystack.components.joiners import DocumentJoiner
        from haystack.components.retrievers.in_memory import (
            InMemoryBM25Retriever,
            InMemoryEmbeddingRetriever,
        )
        from haystack.document_stores.in_memory import InMemoryDocumentStore

        store = InMemoryDocumentStore(bm25_tokenization_regex=r"\S+", shared=False)
        store.write_documents(
            [
                Document(id=str(row), content=text, embedding=vector.tolist())
                for row, (text, vector) in enumerate(zip(texts, vectors, strict=True))
            ]
        )
        self._bm25 = InMemoryBM25Retriever(store, top_k=_DEPTH)
        self._dense = InMemoryEmbeddingRetriever(store, top_k=_DEPTH)
        self._joiner = DocumentJoiner(join_mode="reciprocal_rank_fusion", top_k=self._wanted)

    def search(self, tokens: Sequence[str], vector: Vector) -> list[str]:
        """The joined ranking."""
        dense = self._dense.run(query_embedding=vector.tolist())["documents"]
        lexical = self._bm25.run(query=" ".join(tokens))["documents"] if tokens else []
        joined = self._joiner.run([lexical, dense])["documents"]
        return self._articles(int(document.id) for document in joined)


class LlamaIndex(_OfRows):
    """llama-index: BM25Retriever and its in-memory vector store, fused by relative score."""

    modules = ("llama_index.core", "llama_index.retrievers.bm25")

    def _index(self, texts: list[str], vectors: Vector) -> None:
        from llama_index.core import MockEmbedding, VectorStoreIndex
        from llama_index.core.llms import MockLLM
        from llama_index.core.retrievers import QueryFusionRetriever
        from llama_index.core.schema import TextNode
        from llama_index.retrievers.bm25 import BM25Retriever

        logging.getLogger("bm25s").setLevel(logging.WARNING)
        nodes = [TextNode(id_=str(row), text=text) for row, text in enumerate(texts)]
        lexical = BM25Retriever(
            nodes, similarity_top_k=_DEPTH, skip_stemming=True, token_pattern=r"\S+"
        )
        embedded = [
            node.model_copy(update={"embedding": vector.tolist()})
            for node, vector in zip(nodes, vectors, strict=True)
        ]
        model = MockEmbedding(embed_dim=vectors.shape[1])
        dense = VectorStoreIndex(embedded, embed_model=model).as_retriever(similarity_top_k=_DEPTH)
        self._retriever = QueryFusionRetriever(
            [dense, lexical],
            llm=MockLLM(),
            mode="relative_score",
            similarity_top_k=self._wanted,
            num_queries=1,
            use_async=False,
            retriever_weights=[_DENSE_SHARE, 1 - _DENSE_SHARE],
        )

    def search(self, tokens: Sequence[str], vector: Vector) -> list[str]:
        """The fused ranking."""
        from llama_index.core.schema import QueryBundle

        query = QueryBundle(" ".join(tokens), embedding=vector.tolist())
        return self._articles(int(found.node.node_id) for found in self._retriever.retrieve(query))


class LanceDB(_OfRows):
    """LanceDB hybrid: its full-text index over the tokens, its default fusion (RRF).

    It uses threads of its own, as many as there are cores.
    """

    modules = ("lancedb",)

    def _index(self, texts: list[str], vectors: Vector) -> None:
        import lancedb
        import pyarrow as pa

        self._folder = tempfile.TemporaryDirectory()
        values = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), vectors.shape[1])
        columns = {"row": pa.array(range(len(texts))), "terms": pa.array(texts), "vector": values}
        self._table = lancedb.connect(self._folder.name).create_table("rows", pa.table(columns))
        self._table.create_fts_index(
            "terms",
            base_tokenizer="whitespace",
            stem=False,
            lower_case=False,
            ascii_folding=False,
            remove_stop_words=False,
        )
        if len(texts) >= _INDEXED_FROM:
            self._table.create_index(metric="dot", index_type="IVF_HNSW_SQ")

    def search(self, tokens: Sequence[str], vector: Vector) -> list[str]:
        """The hybrid ranking."""
        query: Any = self._table.search(query_type="hybrid").vector(vector).text(" ".join(tokens))
        found = query.distance_type("dot").limit(self._wanted).to_arrow()
        return self._articles(found["row"].to_pylist())


PEERS: tuple[Entry, ...] = (
    Entry("rank-bm25 + faiss flat", RankBM25, quick=True),
    Entry("bm25s (NumPy) + faiss flat", lambda: BM25S("numpy"), quick=True),
    Entry("bm25s (numba) + faiss flat", lambda: BM25S("numba"), quick=True),
    Entry("tantivy (BM25 only)", Tantivy, quick=True),
    Entry("txtai hybrid", lambda: Txtai(by_article=False)),
    Entry("txtai hybrid, by article", lambda: Txtai(by_article=True)),
    Entry("LanceDB hybrid", lambda: LanceDB(by_article=False)),
    Entry("LanceDB hybrid, by article", lambda: LanceDB(by_article=True)),
    Entry("haystack-ai in memory, by article", lambda: Haystack(by_article=True), most=10_000),
    Entry("llama-index, by article", lambda: LlamaIndex(by_article=True), most=10_000),
)
"""In the order of the tables."""


def _fused(lexical: Mapping[int, float], dense: Mapping[int, float], ids: list[str]) -> list[str]:
    """Convex combination of min-max scores over what either leg found."""
    first, second = _min_max(lexical), _min_max(dense)
    scores = {
        row: (1 - _DENSE_SHARE) * first.get(row, 0.0) + _DENSE_SHARE * second.get(row, 0.0)
        for row in {**first, **second}
    }
    return [ids[row] for row in sorted(scores, key=lambda row: -scores[row])[:TOP_K]]


def _min_max(scores: Mapping[int, float]) -> dict[int, float]:
    if not scores:
        return {}
    low, high = min(scores.values()), max(scores.values())
    return {row: (score - low) / ((high - low) or 1.0) for row, score in scores.items()}
