"""Made-up examples, whose right weights are known."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from kbsearch.article import Article
from kbsearch.evaluation.query_set import JudgedQuery, QuerySet
from kbsearch.knowledge_base import KnowledgeBase
from kbsearch.retrieval.candidates import Leg
from kbsearch.retrieval.features import Features
from kbsearch.tuning.examples import Example

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="session")
def example() -> Callable[..., Example]:
    """Makes an example of candidates given as feature → value (0 if not said)."""

    def make(*candidates, right=(), name="q", article="a"):
        rows = [[each.get(field, 0.0) for field in Features._fields] for each in candidates]
        return Example(
            query_id=name,
            article=article,
            features=np.array(rows, np.float64).reshape(-1, len(Features._fields)),
            right=np.array([place in right for place in range(len(rows))], np.bool_),
            leg_hits=dict.fromkeys(Leg, False),
        )

    return make


@pytest.fixture(scope="session")
def separable(example) -> Callable[[str, int], list[Example]]:
    """Makes examples with random features, in which the right candidate has most of one.

    None is so near that it counts as asked for word by word, whatever the weights.
    """

    def make(field, count):
        rng = np.random.default_rng(0)
        not_verbatim = np.where(np.array(Features._fields) == "question", 0.85, 1.0)
        examples = []
        for number in range(count):
            candidates = [
                dict(zip(Features._fields, rng.random(6) * not_verbatim, strict=True))
                for _ in range(int(rng.integers(2, 6)))
            ]
            best = int(np.argmax([each[field] for each in candidates]))
            article = f"a{number}"
            examples.append(example(*candidates, right=[best], name=f"q{number}", article=article))
        return examples

    return make


@pytest.fixture(scope="session")
def query_set_of() -> Callable[..., QuerySet]:
    """Makes a query set of texts that are not judged, or of text → id of the right article."""

    def make(texts):
        judged = texts if isinstance(texts, dict) else dict.fromkeys(texts)
        return QuerySet.of(
            "made up",
            [
                JudgedQuery(
                    id=f"q{number}",
                    text=text,
                    relevant=[right] if right else [],
                    answerable=bool(right),
                )
                for number, (text, right) in enumerate(judged.items())
            ],
        )

    return make


@pytest.fixture
def build_many(character_settings, tmp_path) -> Callable[[int], KnowledgeBase]:
    """Builds so many articles of the same title, with ids in order."""

    def build(count):
        articles = [Article(id=f"a{n:02d}", kind="faq", title="空调") for n in range(count)]
        settings = character_settings.model_copy(
            update={"vectors": character_settings.vectors.model_copy(update={"adapt": False})}
        )
        return KnowledgeBase.build(articles, tmp_path / "index", settings=settings)

    return build


@pytest.fixture(scope="session")
def corpus() -> Path:
    """Articles that have judged queries."""
    return ROOT / "corpora" / "smart_devices"


@pytest.fixture(scope="session")
def queries() -> Path:
    """The judged queries about them."""
    return ROOT / "eval" / "smart_devices" / "dev.jsonl"
