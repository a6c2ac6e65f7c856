"""Every choice that a knowledge base can make, with its default and where the default comes from.

Settings are passed in and kept in the snapshot's manifest; nothing here is global.
"""

import tomllib
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from kbsearch.errors import Problem, SettingsError
from kbsearch.reasons import faults, problem

Share = Annotated[float, Field(ge=0, le=1)]
FieldWeight = Annotated[int, Field(ge=0, le=100)]
Weight = Annotated[float, Field(ge=0)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class DictionarySettings(_Section):
    """Word lists that an editor owns; None takes the one beside the articles, or the built-in."""

    user_dict: Path | None = None
    stop_words: Path | None = None
    synonyms: Path | None = None
    pins: Path | None = None


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
        exact_up_to: Up to how many vectors search is exact; of more, short codes are compared
            (`kbsearch.index.nearest`).
    """

    model: str = "bundled"
    body_weight: Share = 0.75
    adapt: bool = True
    exact_up_to: Annotated[int, Field(ge=0)] = 10_000


class QuerySettings(_Section):
    """How a query is read.

    Attributes:
        spelling: Whether words are corrected that sound like words of the knowledge base
            (`kbsearch.retrieval.spelling`).
        context_weight: Weight of earlier turns of a conversation against the query; measured on the
            dev sets of `eval/`.
    """

    spelling: bool = True
    context_weight: Share = 0.7


class FusionSettings(_Section):
    """How the two legs become one score, which says which candidates are looked at closely.

    Attributes:
        dense_weight: Share of the dense leg (`kbsearch.retrieval.fusion`); the rest is BM25's.
        depth: Candidates taken from the lexical leg; the dense leg looks at four vectors for each.
    """

    dense_weight: Share = 0.7
    depth: Annotated[int, Field(ge=1)] = 100


class FeatureWeights(_Section):
    """What each feature of a candidate counts (`kbsearch.retrieval.features`).

    Only the proportions matter.
    """

    question: Weight
    second: Weight
    body: Weight
    lexical: Weight
    words: Weight
    heading_words: Weight

    @model_validator(mode="after")
    def _something_counts(self) -> Self:
        if not any(weight for _, weight in self):
            raise PydanticCustomError("no_weight", "all weights of the ranking are 0")
        return self


class RankingSettings(_Section):
    """Weights of the features that order the candidates.

    An editor's similar questions say more than a long body, so knowledge bases with and without
    them need other weights; where some articles have them, the weights lie between. Fitted by
    `make defaults`; `kbsearch tune` fits them on the judgments of one knowledge base.

    Attributes:
        with_questions: For articles with similar questions; fitted on the dev sets of `eval/`.
        without_questions: For articles of title and body; fitted on IT-support articles and an FAQ.
        cross_encoder: Name or folder of a sentence-transformers CrossEncoder that orders the first
            candidates anew (`kbsearch.retrieval.reranking`); "" is none.
        cross_encoder_depth: How many candidates it reads.
    """

    with_questions: FeatureWeights = FeatureWeights(
        question=0.14, second=0.259, body=0.321, lexical=0.077, words=0.021, heading_words=0.182
    )
    without_questions: FeatureWeights = FeatureWeights(
        question=0.073, second=0.073, body=0.239, lexical=0.2, words=0.273, heading_words=0.141
    )
    cross_encoder: str = ""
    cross_encoder_depth: Annotated[int, Field(ge=1)] = 10


class ConfidenceSettings(_Section):
    """Logistic model of the probability that an article answers (`kbsearch.retrieval.confidence`).

    Fitted together with `RankingSettings`.
    """

    intercept: float = -5.125
    score: float = 7.603
    margin: float = 7.271
    question: float = 3.085
    context: float = 1.011


class DecisionSettings(_Section):
    """Confidence from which the top article is an answer, or at least a suggestion.

    Fitted together with `ConfidenceSettings`.

    Attributes:
        answer: From here on 95 % of the first articles are right.
        answer_strict: From here on 98 % are.
        strict: Whether the second is the one that counts.
        suggest: Below it, a person must help; 4 % of the answerable queries are.
    """

    answer: Share = 0.804
    answer_strict: Share = 0.907
    strict: bool = False
    suggest: Share = 0.339

    @property
    def answer_from(self) -> float:
        """Where answers begin."""
        return max(self.answer, self.answer_strict) if self.strict else self.answer

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.suggest > self.answer:
            raise PydanticCustomError("suggest_above_answer", "suggest must not be above answer")
        return self


class RecommendationSettings(_Section):
    """How articles are recommended to agents.

    Attributes:
        emotion: Word list that tells how a customer feels (`kbsearch.recommendation.emotion`); None
            takes the one of the package.
    """

    emotion: Path | None = None


class Settings(_Section):
    """All settings of a knowledge base."""

    dictionaries: DictionarySettings = DictionarySettings()
    bm25: BM25Settings = BM25Settings()
    vectors: VectorSettings = VectorSettings()
    query: QuerySettings = QuerySettings()
    fusion: FusionSettings = FusionSettings()
    ranking: RankingSettings = RankingSettings()
    confidence: ConfidenceSettings = ConfidenceSettings()
    decision: DecisionSettings = DecisionSettings()
    recommendation: RecommendationSettings = RecommendationSettings()

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """Settings from a TOML file; what it leaves out keeps its default.

        Raises:
            SettingsError: Not TOML, or an unknown or impossible setting; names file and setting. A
                ValueError.
        """
        try:
            return cls.model_validate(tomllib.loads(Path(path).read_text(encoding="utf-8")))
        except ValidationError as error:
            wrong = [problem("setting_wrong", str(path), None, fault) for fault in faults(error)]
            raise SettingsError("settings_invalid", wrong) from error
        except ValueError as error:  # TOML or encoding
            unreadable = Problem("settings_unreadable", str(path), params={"reason": str(error)})
            raise SettingsError("settings_invalid", [unreadable]) from error

    def fits_index_of(self, built: "Settings") -> bool:
        """Whether an index that was built with the settings `built` may be searched with these."""
        searching = {"query", "fusion", "ranking", "confidence", "decision", "recommendation"}
        own, other = (settings.model_dump(exclude=searching) for settings in (self, built))
        for sections in (own, other):
            del sections["bm25"]["synonym_weight"], sections["vectors"]["body_weight"]
        return own == other

    def to_toml(self) -> str:
        """The settings as `read` takes them; what is None is left out."""
        import tomli_w

        return tomli_w.dumps(self.model_dump(mode="json", exclude_none=True))

    def resolved(self) -> Self:
        """The same settings with absolute paths, so that they hold in every working folder."""
        files = {name: path.resolve() for name, path in self.dictionaries if isinstance(path, Path)}
        reranker = {"cross_encoder": _resolved(self.ranking.cross_encoder)}
        emotion = self.recommendation.emotion
        return self.model_copy(
            update={
                "dictionaries": self.dictionaries.model_copy(update=files),
                "vectors": self.vectors.model_copy(update={"model": _resolved(self.vectors.model)}),
                "ranking": self.ranking.model_copy(update=reranker),
                "recommendation": RecommendationSettings(emotion=emotion and emotion.resolve()),
            }
        )


def _resolved(model: str) -> str:
    """The absolute path of a model's folder; a name as it is."""
    return str(Path(model).resolve()) if model and Path(model).is_dir() else model
