"""Fixtures shared by all tests: a small knowledge base about invented products."""

import json
from datetime import date
from pathlib import Path

import hypothesis
import numpy as np
import pytest
from safetensors.numpy import save_file
from tokenizers import Regex, Tokenizer, models, pre_tokenizers

from kbsearch.article import Article
from kbsearch.knowledge_base import KnowledgeBase
from kbsearch.settings import Settings, VectorSettings

ROOT = Path(__file__).parent.parent
CORPUS = ROOT / "corpora" / "smart_devices"
QUERIES = ROOT / "eval" / "smart_devices" / "dev.jsonl"
TODAY = date(2026, 11, 22)

# No test fails for being slow: how long an example takes says nothing about a claim.
hypothesis.settings.register_profile("kbsearch", deadline=None)
hypothesis.settings.load_profile("kbsearch")


@pytest.fixture(scope="session")
def articles() -> tuple[Article, ...]:
    """Six articles that differ in everything a filter can ask for; one is a draft."""
    rows = [
        {
            "id": "ac-not-cooling",
            "kind": "troubleshooting",
            "title": "空调不制冷怎么办",
            "questions": ["空调吹出来的风不凉", "开了空调屋里还是热"],
            "body": "先看模式是不是制冷，再清洗滤网。仍然不凉时，显示屏若报 E4，请联系售后。",
            "category": "智能家电/空调/制冷",
            "products": ["清风 Q3"],
            "tags": ["制冷"],
            "links": [
                {"rel": "next_step", "id": "book-repair"},
                {"rel": "policy", "id": "onsite-fee"},
                {"rel": "script", "id": "script-calm"},
            ],
        },
        {
            "id": "book-repair",
            "kind": "guide",
            "title": "如何预约上门维修",
            "questions": ["报修在哪里预约"],
            "body": "打开 App，进入售后服务，选择产品和故障，预约上门时间。",
            "category": "售后服务/报修",
            "channels": ["app"],
        },
        {
            "id": "onsite-fee",
            "kind": "policy",
            "title": "上门检测费怎么收",
            "body": "保修期内免费，保修期外收上门检测费，维修后抵扣。",
            "category": "售后服务/收费",
            "valid_from": "2026-01-01",
            "valid_until": "2126-12-31",
            "audience": ["regular", "enterprise"],
        },
        {
            "id": "script-calm",
            "kind": "script",
            "title": "客户发火时的安抚话术",
            "body": "先道歉，再复述问题，最后给出时间。",
            "category": "坐席话术/情绪安抚",
            "visibility": "internal",
        },
        {
            "id": "watch-battery",
            "kind": "troubleshooting",
            "title": "手表一天就没电怎么办",
            "questions": ["手表续航太短"],
            "body": "关闭常亮显示，降低亮度，升级系统。",
            "category": "穿戴设备/手表/续航",
            "products": ["腕伴 S2"],
            "regions": ["华东"],
            "attachments": [
                {"type": "video", "url": "https://help.example/v", "caption": "省电设置演示"}
            ],
        },
        {
            "id": "watch-old",
            "kind": "faq",
            "title": "旧款手表怎么升级",
            "status": "draft",
        },
    ]
    return tuple(Article.model_validate(row) for row in rows)


@pytest.fixture(scope="session")
def built(articles: tuple[Article, ...], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index folder with the six articles; tests must not write to it."""
    index_dir = tmp_path_factory.mktemp("built")
    KnowledgeBase.build(articles, index_dir)
    return index_dir


@pytest.fixture(scope="session")
def knowledge_base(built: Path) -> KnowledgeBase:
    """The six articles, opened."""
    return KnowledgeBase.open(built)


@pytest.fixture(scope="session")
def corpus_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index folder with corpora/smart_devices; tests must not write to it."""
    index_dir = tmp_path_factory.mktemp("corpus")
    KnowledgeBase.build(CORPUS, index_dir)
    return index_dir


@pytest.fixture(scope="session")
def write_character_model():
    """Writes a static model folder of a random vector for each common Chinese character.

    It loads in a millisecond, where the bundled model takes a fifth of a second.
    """

    def write(folder: Path, *, seed: int = 0) -> Path:
        characters = [chr(number) for number in (*range(0x30, 0x7B), *range(0x4E00, 0x9FA6))]
        vocabulary = {"[UNK]": 0} | {c: number for number, c in enumerate(characters, start=1)}
        tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
        tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex("."), "isolated")
        folder.mkdir(exist_ok=True)
        tokenizer.save(str(folder / "tokenizer.json"))
        rows = np.random.default_rng(seed).normal(size=(len(vocabulary), 16)).astype(np.float32)
        rows[0] = 0
        save_file({"embedding.weight": rows}, folder / "model.safetensors")
        module = {
            "idx": 0,
            "name": "0",
            "path": "",
            "type": "sentence_transformers.StaticEmbedding",
        }
        (folder / "modules.json").write_text(json.dumps([module]), encoding="utf-8")
        return folder

    return write


@pytest.fixture(scope="session")
def character_settings(write_character_model, tmp_path_factory) -> Settings:
    """Settings with a small, quick model."""
    folder = write_character_model(tmp_path_factory.mktemp("model") / "characters")
    return Settings(vectors=VectorSettings(model=str(folder)))


@pytest.fixture(scope="session")
def files_of():
    """Name to bytes of every file below a folder."""

    def files(folder: Path) -> dict[str, bytes]:
        return {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }

    return files
