"""Checkpoints: a training that was stopped goes on where it was, and gives the same model."""

import json
import time
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

_MODEL, _OPTIMIZER, _RANDOM = "model.", "optimizer.", "random"


class _Schedule(Protocol):
    """A learning-rate scheduler of torch."""

    def state_dict(self) -> dict[str, Any]: ...
    def load_state_dict(self, state: dict[str, Any], /) -> None: ...


class Checkpoint:
    """The state of one training in a safetensors file.

    Args:
        path: The file; made when there is something to keep.
        key: What the training hangs on (settings, data, seed); the file of another key is ignored.

    Attributes:
        seconds_between: How old one must be to be replaced before the end.
    """

    # A static model's checkpoint has 70 MB, and its epoch lasts a second.
    seconds_between = 30.0

    def __init__(self, path: Path, key: str) -> None:
        self._path = path
        self._key = key
        self._saved_at = time.monotonic()

    def stage(self, name: str) -> "Checkpoint":
        """The checkpoint of one part of the training, in a file of its own."""
        path = self._path.with_name(f"{self._path.stem}-{name}.safetensors")
        part = Checkpoint(path, self._key)
        part.seconds_between = self.seconds_between
        return part

    def clear(self) -> None:
        """Forgets all parts, once the model is safely written."""
        for path in self._path.parent.glob(f"{self._path.stem}-*.safetensors"):
            path.unlink()

    def due(self) -> bool:
        """Whether the last one is old enough to be replaced."""
        return time.monotonic() - self._saved_at > self.seconds_between

    def save(
        self,
        losses: list[float],
        model: nn.Module,
        optimizer: torch.optim.Optimizer,
        schedule: _Schedule,
        rng: np.random.Generator,
    ) -> None:
        """Keeps the state after ``len(losses)`` epochs, replacing the older one in one step."""
        tensors = {f"{_MODEL}{name}": tensor for name, tensor in model.state_dict().items()}
        for number, state in optimizer.state_dict()["state"].items():
            tensors |= {f"{_OPTIMIZER}{number}.{name}": tensor for name, tensor in state.items()}
        tensors[_RANDOM] = torch.get_rng_state()
        facts = {
            "key": self._key,
            "losses": losses,
            "schedule": schedule.state_dict(),
            "numpy": rng.bit_generator.state,
        }
        self._path.parent.mkdir(parents=True, exist_ok=True)
        part = self._path.with_suffix(".part")
        # Copies: a model may tie weights, and safetensors keeps no two names for the same memory.
        copies = {
            name: tensor.detach().clone(memory_format=torch.contiguous_format)
            for name, tensor in tensors.items()
        }
        save_file(copies, part, metadata={"facts": json.dumps(facts)})
        part.replace(self._path)
        self._saved_at = time.monotonic()

    def restore(
        self,
        model: nn.Module,
        optimizer: torch.optim.Optimizer,
        schedule: _Schedule,
        rng: np.random.Generator,
    ) -> list[float]:
        """Puts everything into the state that was kept.

        Returns:
            The losses of the epochs done; none if nothing of this key was kept, and nothing is
            changed then.
        """
        try:
            with safe_open(self._path, framework="pt") as kept:
                facts = json.loads((kept.metadata() or {}).get("facts", "{}"))
                if facts.get("key") != self._key:
                    return []
                tensors = {name: kept.get_tensor(name) for name in kept.keys()}  # noqa: SIM118
        except (OSError, SafetensorError):  # not there, or cut off
            return []
        states: dict[int, dict[str, Tensor]] = {}
        for name, tensor in tensors.items():
            if name.startswith(_OPTIMIZER):
                number, _, field = name.removeprefix(_OPTIMIZER).partition(".")
                states.setdefault(int(number), {})[field] = tensor
        model.load_state_dict(
            {n.removeprefix(_MODEL): t for n, t in tensors.items() if n.startswith(_MODEL)}
        )
        groups = optimizer.state_dict()["param_groups"]
        schedule.load_state_dict(facts["schedule"])
        for group, rate in zip(groups, facts["schedule"]["_last_lr"], strict=True):
            group["lr"] = rate
        optimizer.load_state_dict({"state": states, "param_groups": groups})
        torch.set_rng_state(tensors[_RANDOM])
        rng.bit_generator.state = facts["numpy"]
        losses: list[float] = facts["losses"]
        return losses
