"""Hand-made training text, small enough to train on in seconds."""

import json

import numpy as np
import pytest
import torch

from kbsearch.encoders.protocol import unit_rows
from kbsearch.training.groups import parse_group

_INTENTS = [
    (
        "空调不制冷怎么办",
        ["空调吹风不凉", "冷气不冷了", "空调没有冷风", "空调不凉快"],
        "请清洗滤网。",
    ),
    (
        "手表充不进电",
        ["手表充电没反应", "表充不上电", "手表没电充不了", "手表充电失败"],
        "请更换充电线。",
    ),
    ("怎么申请退款", ["我要退钱", "退款在哪里申请", "钱怎么退", "申请退钱"], "请在订单页申请。"),
    (
        "忘记密码怎么办",
        ["登录密码想不起来", "密码忘了", "重置密码", "忘了登录密码"],
        "请点击忘记密码。",
    ),
]


@pytest.fixture(autouse=True)
def one_thread():
    """On a busy machine torch's threads wait for each other longer than these models train."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def make_group():
    """Makes a group of the source's form."""

    def make(identifier, title, questions, answer="答案", negatives=()):
        fields = {"id": identifier, "title": title, "questions": questions, "answer": answer}
        return parse_group(json.dumps({**fields, "hard_negatives": list(negatives)}))

    return make


@pytest.fixture
def groups(make_group):
    """Four intents; each has the title of the next as hard negative."""
    titles = [title for title, _, _ in _INTENTS]
    return [
        make_group(f"g-{i}", title, questions, answer, [titles[(i + 1) % 4]])
        for i, (title, questions, answer) in enumerate(_INTENTS)
    ]


class LetterTeacher:
    """A teacher without a model: a text's vector counts its letters, modulo 16."""

    def encode(self, texts):
        """(n, 16) float32 unit rows."""
        vectors = np.full((len(texts), 16), 0.01, dtype=np.float32)
        for row, text in zip(vectors, texts, strict=True):
            for letter in text:
                row[ord(letter) % 16] += 1
        return unit_rows(vectors)


@pytest.fixture
def letter_teacher():
    """A stand-in for MiniLM."""
    return LetterTeacher()
