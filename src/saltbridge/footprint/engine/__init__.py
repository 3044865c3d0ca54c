"""The numeric room of the account: arrays in, arrays out, at the size of a database.

A background of 20,000 processes is reduced once to the unit footprint of every product
(``unit_footprints``); after that a foreground never sees the large matrix again.

| File | What it gives |
|---|---|
| ``unit_footprints`` | footprints of all products from one transposed solve, with bounds |
| ``draws`` | random numbers keyed by run seed, parameter id and sample number |
| ``normal_table`` | the normal quantile, the same on every machine |
| ``foreground`` | a foreground compiled to a sequence; loops closed exactly |
| ``loops`` | where to cut the loops of a foreground |
| ``background_draws`` | unit footprints under drawn exchanges, correlated over products |
| ``parameters`` | many parameters drawn at once |
| ``monte_carlo`` | samples of the footprint of a foreground |
| ``gradients`` | derivatives by every exchange from one forward and one adjoint solve |
| ``paths`` | supply-chain paths above a cut-off |
| ``compiled`` | whether numba is at hand; every result has a numpy and scipy path too |

Convention throughout: ``A[i, j]`` is what one run of process ``j`` adds to product ``i``, so
inputs are negative; process ``j`` makes product ``j``, with its output on the diagonal
(negative for a treatment of waste). Burdens are kg CO2e per run, footprints kg CO2e per unit.
"""
