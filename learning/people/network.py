"""The network: an imitator of people that sees x and what a view of Z says of it.

    logits = s · log f_reader(x, view) + W x + V relu(U [x, log f_reader])

starts as the reader (s = 1, W = V = 0) and learns from people's predictions what no statement says. That
part can't be read, so it is kept apart from the reader and used only where it imitates people better.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import minimize
from scipy.special import softmax
from threadpoolctl import threadpool_limits

from kb.arrays import Numbers
from kb.errors import FailedError
from learning.people.certificate import floored
from learning.people.reader import Reader, fit_reader
from learning.people.reading import Reading

__all__ = ["Network", "fit_network", "is_torch_installed"]

HIDDEN = 8
STEPS = 100
_LOG_FLOOR = 1e-3  # of the reader's forecast, as an input


@dataclass(frozen=True, slots=True)
class Network:
    """A fitted network; its forecasts need only numpy.

    Attributes:
        reader: What it reads Z with.
        weights: ``s`` (), ``W`` (d, K), ``b`` (K,), ``U`` (d + K, h), ``c`` (h,), ``V`` (h, K).
        decay: Weight of the ridge on W, U and V.
    """

    reader: Reader
    weights: dict[str, Numbers]
    decay: float

    def forecast(self, reading: Reading) -> Numbers:
        """f(y | x, view) per case, shape (n, K)."""
        w, view = self.weights, _view(self.reader, reading)
        hidden = np.maximum(np.hstack([reading.x, view]) @ w["U"] + w["c"], 0.0)
        found: Numbers = softmax(w["s"] * view + reading.x @ w["W"] + w["b"] + hidden @ w["V"], axis=1)
        return found

    def to_dict(self) -> dict[str, Any]:
        """The JSON form, without the weights."""
        return {"kind": "network", "decay": self.decay, "reader": self.reader.to_dict()}


def is_torch_installed() -> bool:
    """The extra ``torch`` is installed."""
    import importlib.util

    return importlib.util.find_spec("torch") is not None


def _view(reader: Reader, reading: Reading) -> Numbers:
    """What the reader makes of the view, as centred log-probabilities, shape (n, K)."""
    logs = np.log(np.maximum(reader.forecast(reading), _LOG_FLOOR))
    centred: Numbers = logs - logs.mean(axis=1, keepdims=True)
    return centred


def fit_network(
    reading: Reading, people: Numbers, *, decay: float, seed: int, reader: Reader | None = None
) -> Network:
    """The network that best predicts what people said, with a ridge that holds it to the reader.

    Args:
        reading: The cases that people forecast.
        people: Their forecasts, shape (n, K).
        decay: Weight of the ridge, in nats.
        seed: For the weights that it starts from.
        reader: Fitted to the same forecasts; fitted here if None.

    Raises:
        FailedError: The extra ``torch`` is not installed.
    """
    if not is_torch_installed():
        raise FailedError("the network needs torch.", remedy="Install it: pip install 'priory[torch]'")
    import torch

    reader = reader or fit_reader(reading, people)
    view = _view(reader, reading)
    rng = np.random.default_rng(seed)
    d, K = reading.x.shape[1], people.shape[1]
    first = {
        "s": np.array(1.0),
        "W": np.zeros((d, K)),
        "b": np.zeros(K),
        "U": rng.normal(size=(d + K, HIDDEN)) / np.sqrt(d + K),
        "c": np.zeros(HIDDEN),
        "V": np.zeros((HIDDEN, K)),
    }
    x, seen, target = (torch.tensor(a, dtype=torch.float64) for a in (reading.x, view, floored(people)))
    both = torch.cat([x, seen], dim=1)
    start = torch.tensor(first["U"], dtype=torch.float64)
    ends = np.cumsum([0, *(value.size for value in first.values())])

    def parts(z: Any) -> dict[str, Any]:
        """The weights in one vector, each in its shape."""
        cut = zip(first.items(), ends[:-1], ends[1:], strict=True)
        return {name: z[low:high].reshape(value.shape) for (name, value), low, high in cut}

    def loss(z: Numbers) -> tuple[float, Numbers]:
        at = torch.tensor(z, dtype=torch.float64, requires_grad=True)
        w = parts(at)
        hidden = torch.relu(both @ w["U"] + w["c"])
        logits = w["s"] * seen + x @ w["W"] + w["b"] + hidden @ w["V"]
        ridge = (w["W"] ** 2).sum() + ((w["U"] - start) ** 2).sum() + (w["V"] ** 2).sum()
        held = 0.5 * decay * ridge + 0.5 * (w["s"] - 1.0) ** 2 + 0.05 * (w["b"] ** 2).sum()
        value = held - (target * torch.log_softmax(logits, dim=1)).sum()
        (slope,) = torch.autograd.grad(value, at)
        return float(value.detach()), slope.numpy().astype(np.float64)

    begin = np.concatenate([value.ravel() for value in first.values()])
    with threadpool_limits(1):  # tiny products, which threads make slower
        # not torch's own optimisers: importing them takes longer than the fit
        found = minimize(loss, begin, jac=True, method="L-BFGS-B", options={"maxiter": STEPS})
    return Network(reader, parts(np.asarray(found.x)), decay)
