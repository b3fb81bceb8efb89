"""Writes statistics.golden.json beside this file: ranks and correlations by SciPy, with and without ties.

Run with a Python that has SciPy: /usr/bin/python3 test/goldens/generate_statistics.py
"""

import json
import os

import numpy as np
from scipy import stats

FOLDER = os.path.dirname(os.path.abspath(__file__))
RANDOM = np.random.default_rng(201)


def partial(x, y, control):
    """Correlation of what a linear fit on the control's ranks leaves of the ranks of x and of y."""
    ranks = [stats.rankdata(values) for values in (x, y, control)]
    design = np.stack([np.ones(len(x)), ranks[2]], axis=1)
    rest = [values - design @ np.linalg.lstsq(design, values, rcond=None)[0] for values in ranks[:2]]
    return stats.pearsonr(*rest)[0]


def case(name, x, y, control):
    return {
        "name": name,
        "x": x.tolist(),
        "y": y.tolist(),
        "control": control.tolist(),
        "ranks": stats.rankdata(x).tolist(),
        "pearson": stats.pearsonr(x, y)[0],
        "spearman": stats.spearmanr(x, y)[0],
        "kendall": stats.kendalltau(x, y)[0],
        "partialSpearman": partial(x, y, control),
        "quantiles": np.quantile(x, [0.025, 0.5, 0.975]).tolist(),
    }


def draw(count, digits):
    x = RANDOM.normal(size=count)
    control = 0.5 * x + RANDOM.normal(size=count)
    y = 0.6 * x + 0.3 * control + RANDOM.normal(size=count)
    return (np.round(values, digits) for values in (x, y, control))


cases = [
    case("without ties", *draw(40, 6)),
    case("with a few ties", *draw(60, 1)),
    case("with many ties", *draw(80, 0)),
    case("of three", *draw(3, 6)),
]
with open(os.path.join(FOLDER, "statistics.golden.json"), "w") as file:
    json.dump(cases, file)
    file.write("\n")
