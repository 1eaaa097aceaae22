"""How errors and margins are counted."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from zoo.certify.spread import margins, spread

FLOATS = st.floats(-1e300, 1e300, allow_subnormal=False) | st.sampled_from([np.nan, np.inf, -np.inf])


@given(arrays.arrays(np.float64, st.integers(0, 60), elements=FLOATS))
def test_every_finite_number_is_counted_in_its_bin(values):
    found = spread(values)
    finite = np.abs(values[np.isfinite(values)])
    assert found.total == len(finite)
    assert found.zero == np.count_nonzero(finite == 0)
    assert found.largest == finite.max(initial=0)
    edges = found.edges
    for count, low, high in zip(found.counts, edges[:-1], edges[1:], strict=True):
        # Logarithms are rounded: a number next to an edge may be counted on either side of it.
        assert np.count_nonzero((finite > low * (1 + 1e-9)) & (finite < high * (1 - 1e-9))) <= count
        assert count <= np.count_nonzero((finite >= low * (1 - 1e-9)) & (finite <= high * (1 + 1e-9)))


def test_margins_below_the_limit_are_open_to_rounding():
    found = margins(np.array([0.5, 1e-7, np.inf, 0.0, 2e-6]), 1e-6)
    assert (found.turnable, found.closest, found.spread.total) == (2, 0.0, 4)
    assert margins(np.array([np.inf]), 1e-6).closest is None
