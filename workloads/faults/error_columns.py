"""The words of calls of `error_loops` and `sum_loops`: an array has two, its address and its size, and a number one."""

from __future__ import annotations

#: Of every call: words as they were, and as they are to be; room for draws and for the sites that they lead to; bits of one rate;
#: the number over which distances are drawn, and after it the shares of the rates; how many draws there are, and how many sites;
#: the C function and the state of a bit generator.
OLD, NEW, DRAWS, SITES, BITS, CHANCES = range(0, 12, 2)
COUNT, KNOWN, NEXT_DOUBLE, STATE, COLUMNS = range(12, 17)
#: Of partial sums, further: the fold, the sum and the bit of each site; the products of each fold; room for two folds of sums,
#: and for their masks, which are 0 between calls; the results; the factors from values to words and back, for sums of fixed
#: point; how many folds write sums, and how many sums each. OLD is what the scratchpad holds.
FOLD, WORD, BIT, PARTIALS, VALUES, MASKS, FOUND, FACTORS = range(COLUMNS, COLUMNS + 16, 2)
FOLDS, SUMS, SUM_COLUMNS = range(COLUMNS + 16, COLUMNS + 19)
