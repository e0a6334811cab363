"""Kinds that the built-in strategies are made of: what they see, in a form of their own.

Prices are in ticks, whole numbers above 0, so 0 says that there is none.
"""

from reasoning.indicators.gaps import GAP_FILLS
from reasoning.indicators.kind import VALUE, IndicatorKind, Parameter
from reasoning.indicators.moving import before_window
from reasoning.indicators.order_blocks import ORDER_BLOCKS
from reasoning.indicators.swept import SWEPT
from reasoning.kernels.indicators import mean_size, mean_step

MEAN = IndicatorKind(
    name="mean",
    family="structure",
    step=mean_step,
    size=mean_size,
    warmup=before_window,
    parameters=(Parameter("n", int, 20, 1, 5_000, "closes averaged"),),
    inputs=("close",),
    outputs=VALUE,
    on_price=True,
    formula="sum of the last n closes / n",
    source="TA-Lib SMA",
    convention="The simple moving average of whole ticks: their running sum is exact, so it costs one "
    "addition however long the window is.",
    forgets=True,
)
KINDS = (MEAN, SWEPT, GAP_FILLS, ORDER_BLOCKS)
