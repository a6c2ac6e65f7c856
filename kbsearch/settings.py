"""Every choice that a knowledge base can make, with its default and where the default comes from.

Settings are passed in and kept in the snapshot's manifest; nothing here is global.
"""

import tomllib
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Share = Annotated[float, Field(ge=0, le=1)]
FieldWeight = Annotated[int, Field(ge=0, le=100)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class DictionarySettings(_Section):
    """Word lists that an editor owns; None takes the one beside the articles, or the built-in."""

    user_dict: Path | None = None
    stop_words: Path | None = None
    synonyms: Path | None = None


class FieldWeights(_Section):
    """How often a term counts that stands once in a field (BM25F; Robertson et al. 2004).

    Whole numbers, so that rank-bm25 on texts repeated as often is an exact referee.
    """

    title: FieldWeight = 2
    questions: FieldWeight = 2
    body: FieldWeight = 1
    tags: FieldWeight = 1
    captions: FieldWeight = 1


class BM25Settings(_Section):
    """Lexical scoring.

    Attributes:
        idf: ``okapi`` as in rank-bm25's BM25Okapi, ``lucene`` always above zero.
        k1: Saturation of term frequency.
        b: Strength of length normalisation.
        weights: Weight of each field.
        synonym_weight: Weight of a synonym against a term of the query itself.
    """

    idf: Literal["okapi", "lucene"] = "lucene"
    k1: Annotated[float, Field(gt=0)] = 1.5
    b: Share = 0.75
    weights: FieldWeights = FieldWeights()
    synonym_weight: Share = 0.4


class VectorSettings(_Section):
    """Dense scoring.

    Attributes:
        model: ``bundled``, or name or folder of a sentence-transformers model.
        body_weight: Share of the body's similarity that is added to the best question's.
        adapt: Whether a static model is adapted to the articles (`kbsearch.learning.adaptation`).
        exact_up_to: Up to how many vectors search is exact; beyond, an HNSW graph is used.
    """

    model: str = "bundled"
    body_weight: Share = 0.75
    adapt: bool = True
    exact_up_to: Annotated[int, Field(ge=0)] = 30_000


class FusionSettings(_Section):
    """How the legs become one score.

    Attributes:
        dense_weight: Share of the dense leg (`kbsearch.retrieval.fusion`). Measured by
            `kbsearch.training.calibration`, as are the next one and the weight of the body.
        late_weight: Share of late interaction in what the dense leg leaves; the rest is BM25's.
        depth: Candidates taken from the lexical leg; the dense leg looks at four vectors for each.
        context_weight: Weight of earlier turns of a conversation against the query; measured on the
            dev sets of `eval/`.
    """

    dense_weight: Share = 0.7
    late_weight: Share = 0.75
    depth: Annotated[int, Field(ge=1)] = 100
    context_weight: Share = 0.7


class DecisionSettings(_Section):
    """Confidence from which the top article is an answer, or at least a suggestion."""

    answer: Share = 0.6
    suggest: Share = 0.2

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.suggest > self.answer:
            raise ValueError("suggest must not be above answer")
        return self


class Settings(_Section):
    """All settings of a knowledge base."""

    dictionaries: DictionarySettings = DictionarySettings()
    bm25: BM25Settings = BM25Settings()
    vectors: VectorSettings = VectorSettings()
    fusion: FusionSettings = FusionSettings()
    decision: DecisionSettings = DecisionSettings()

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """Settings from a TOML file; what it leaves out keeps its default.

        Raises:
            ValueError: Not TOML, or an unknown or impossible setting; names the file.
        """
        try:
            return cls.model_validate(tomllib.loads(Path(path).read_text(encoding="utf-8")))
        except ValueError as error:  # TOML, encoding or setting
            raise ValueError(f"{path}: {error}") from error

    def resolved(self) -> Self:
        """The same settings with absolute paths, so that they hold in every working folder."""
        files = {name: path.resolve() for name, path in self.dictionaries if isinstance(path, Path)}
        model = self.vectors.model
        folder = Path(model)
        return self.model_copy(
            update={
                "dictionaries": self.dictionaries.model_copy(update=files),
                "vectors": self.vectors.model_copy(
                    update={"model": str(folder.resolve()) if folder.is_dir() else model}
                ),
            }
        )
