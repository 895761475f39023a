"""How much an answer proves, in words and with the formula behind them.

A sample of n rows without a wrong one bounds the share of wrong rows. In a table that is much larger than the sample that is the rule of
three, 1 - 0.05^(1/n), about 3/n; in a finite one fewer wrong rows could have been missed, which the hypergeometric distribution counts.
https://en.wikipedia.org/wiki/Rule_of_three_(statistics)
"""

import math

CONFIDENCE = 0.95
FEW = 20  # times as many rows as were sampled: then the table may as well be endless
EXACT = "Exact: every row was looked at."
MISSED = "1 in 4 billion"  # 2^-32: hashes of whole numbers and times keep 32 bits


def of_checksum(rows: int) -> str:
    return (
        f"All {rows:,} rows were compared by a 64-bit hash of each: a changed row goes unnoticed with a chance below {MISSED} "
        "(column hashes keep at least 32 bits)."
    )


def of_sample(seen: int, rows: int, wrong: int = 0) -> str:
    """What a sample of keys, each as likely as any other, says of the whole table."""
    if seen >= rows:
        return f"Exact: all {rows:,} rows were compared."
    if wrong:
        low, high = wilson(wrong, seen)
        return (
            f"{wrong:,} of {seen:,} sampled rows differ: with 95% confidence {_percent(low)} to {_percent(high)} of all rows do "
            "(Wilson's interval)."
        )
    if not seen:
        return "No row was sampled: nothing is proved."
    if seen * FEW <= rows:
        share, formula = rule_of_three(seen), f"rule of three: 1 - 0.05^(1/{seen:,})"
    else:
        most = most_wrong(seen, rows)
        share = (most + 1) / rows
        formula = f"hypergeometric: C({rows:,}-k, {seen:,}) / C({rows:,}, {seen:,}) ≥ 0.05 for k up to {most:,}"
    return f"0 of {seen:,} sampled rows differ: with 95% confidence fewer than {_one_in(share)} are wrong ({formula})."


def most_wrong(seen: int, rows: int) -> int:
    """The most wrong rows of which a sample without replacement sees none with a chance of at least 5%."""
    low, high = 0, rows - seen
    while low < high:
        middle = (low + high + 1) // 2
        if _none_seen(middle, seen, rows) >= math.log(1 - CONFIDENCE):
            low = middle
        else:
            high = middle - 1
    return low


def rule_of_three(seen: int) -> float:
    """The largest share of wrong rows that a sample of this size misses with a chance of 5%."""
    return 1 - (1 - CONFIDENCE) ** (1 / seen)


def wilson(wrong: int, seen: int) -> tuple[float, float]:
    """https://en.wikipedia.org/wiki/Binomial_proportion_confidence_interval#Wilson_score_interval"""
    z, share = 1.959964, wrong / seen
    centre, spread = share + z * z / (2 * seen), z * math.sqrt(share * (1 - share) / seen + z * z / (4 * seen * seen))
    scale = 1 + z * z / seen
    return max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale)


def _none_seen(wrong: int, seen: int, rows: int) -> float:
    """The logarithm of C(rows - wrong, seen) / C(rows, seen)."""
    if wrong + seen > rows:
        return -math.inf
    return math.lgamma(rows - wrong + 1) - math.lgamma(rows - wrong - seen + 1) - math.lgamma(rows + 1) + math.lgamma(rows - seen + 1)


def _one_in(share: float) -> str:
    return f"1 in {math.floor(1 / share):,}" if share < 0.5 else f"{_percent(share)} of all rows"


def _percent(share: float) -> str:
    return f"{share * 100:.2g}%"
