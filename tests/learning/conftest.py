"""A few intents, and a student small enough to learn them in a moment."""

import numpy as np
import pytest
import torch

from kbsearch.learning.intents import Intent
from kbsearch.learning.student import Student
from kbsearch.training.vocabulary import build_tokenizer

_QUESTIONS = [
    ("门锁没电了怎么开门", "锁打不开了是不是没电", "电量耗尽进不了家", "智能锁电池用完"),
    ("宽带很慢", "上网卡得要命", "网速不够", "网速慢看视频转圈"),
    ("发票开错抬头", "抬头写错了能重开吗", "发票名字不对", "改发票抬头"),
    ("信用卡丢了", "卡不见了要挂失", "卡找不着了", "怎么挂失"),
]
_PASSAGES = ("从底部供电开门。", "请重启光猫。", "在订单页申请换开。", "请先在 App 锁卡。")


@pytest.fixture(autouse=True)
def one_thread():
    """On a busy machine torch's threads wait for each other longer than these models train."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def intents():
    """Four intents; each has the first question of the next as negative."""
    return [
        Intent(questions, (passage,), (_QUESTIONS[(i + 1) % 4][0],))
        for i, (questions, passage) in enumerate(zip(_QUESTIONS, _PASSAGES, strict=True))
    ]


@pytest.fixture
def make_student(intents):
    """Makes a student with a random row for each character, always the same."""

    def make(texts=()):
        known = [text for intent in intents for text in (*intent.questions, *intent.passages)]
        characters = sorted({c for text in (*known, *texts) for c in text if not c.isascii()})
        tokenizer = build_tokenizer(characters, {})
        rng = np.random.default_rng(0)
        rows = rng.normal(size=(tokenizer.get_vocab_size(), 8)).astype(np.float32)
        return Student(tokenizer, rows, np.ones(len(rows), dtype=np.float32))

    return make
