#!/usr/bin/env python3
"""Fills test/bench/performance.md.in with figures: render.py RESULTS... > docs/performance.md

With several files (of several runs on a machine that does other things as well) the best of each figure counts.
{{name:digits}} is a figure; {{kept name limit ...}} says yes if each is at most its limit; {{reached name limit}} if it is at least that.
"""
import os
import re
import sys

figures, heads = {}, []
for path in sys.argv[1:]:
    for line in open(path):
        if line.startswith("#"):
            if "processors" in line:
                heads.append(line[2:].strip())
            continue
        name, value, unit = line.split()
        value = float(value)
        better = max if name.endswith("_rate") else min
        figures[name] = better(value, figures[name]) if name in figures else value


def fill(match):
    words = match.group(1).split()
    if words[0] == "head":
        return heads[-1] if len(heads) == 1 else heads[-1] + f"; the best of {len(heads)} runs"
    if words[0] in ("kept", "reached"):
        pairs = zip(words[1::2], map(float, words[2::2]))
        return "yes" if all(figures[n] <= x if words[0] == "kept" else figures[n] >= x for n, x in pairs) else "**no**"
    name, _, digits = words[0].partition(":")
    return f"{figures[name]:,.{int(digits or 1)}f}"


template = open(os.path.join(os.path.dirname(__file__), "performance.md.in")).read()
sys.stdout.write(re.sub(r"\{\{([^}]*)\}\}", fill, template))
