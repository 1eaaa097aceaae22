"""The network. It takes metres and gives metres: what is trained is what ships."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from zoo_forecast import HORIZON, Config


class Forecaster(nn.Module):
    """A recurrence over the hours; its last state is read as all that are to come, at once.

    Args:
        config: sizes, and what is known of the series.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(config.mean))
        self.register_buffer("deviation", torch.tensor(config.deviation))
        cell = {"gru": nn.GRU, "lstm": nn.LSTM}[config.cell]
        self.recurrence = cell(1, config.hidden, batch_first=True)
        self.readout = nn.Linear(config.hidden, HORIZON)

    def forward(self, history: Tensor) -> Tensor:
        """float [batch, hours], in m → float [batch, 24], in m."""
        scaled = (history.to(self.mean.dtype) - self.mean) / self.deviation  # [batch, hours]
        states, _ = self.recurrence(scaled.unsqueeze(2))  # [batch, hours, hidden]
        future = self.readout(states[:, -1])  # [batch, 24]
        metres: Tensor = future * self.deviation + self.mean  # [batch, 24]
        # onnxruntime's recurrences take NaN for a number: an hour that is not known must show in what is forecast of it.
        return metres.masked_fill(scaled.isnan().any(1, keepdim=True), torch.nan)


def build(config: Config) -> nn.Module:
    """The network with random weights."""
    return Forecaster(config)
