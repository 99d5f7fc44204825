#!/usr/bin/env python3
"""Makes crates/picture/data/land.txt, the outline of the land, of `land-110m.json` of the npm package world-atlas:

    npm pack world-atlas@2.0.2 && tar xzf world-atlas-2.0.2.tgz
    scripts/make_land.py package/land-110m.json > crates/picture/data/land.txt
"""

import json
import sys

HEAD = """\
# The land of the Earth: Natural Earth, 1:110m, which is in the public domain (naturalearthdata.com), as the npm package
# world-atlas 2.0.2 has it (ISC licence, Copyright 2013-2019 Michael Bostock). Made by scripts/make_land.py.
# A ring on each line: its first place, and the steps to the next ones, in hundredths of a degree of longitude and latitude."""


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        atlas = json.load(file)
    (sx, sy), (tx, ty) = atlas["transform"]["scale"], atlas["transform"]["translate"]
    arcs = []
    for arc in atlas["arcs"]:
        x = y = 0
        arcs.append([((x := x + dx) * sx + tx, (y := y + dy) * sy + ty) for dx, dy in arc])

    def ring(indices):
        places = []
        for index in indices:
            arc = arcs[index] if index >= 0 else arcs[~index][::-1]
            places += arc[1:] if places else arc
        return [(round(x * 100), round(y * 100)) for x, y in places]

    print(HEAD)
    for geometry in atlas["objects"]["land"]["geometries"]:
        polygons = geometry["arcs"] if geometry["type"] == "MultiPolygon" else [geometry["arcs"]]
        for polygon in polygons:
            for places in map(ring, polygon):
                steps = [(b[0] - a[0], b[1] - a[1]) for a, b in zip(places, places[1:])]
                steps = [step for step in steps if step != (0, 0)]
                print(" ".join(f"{x},{y}" for x, y in [places[0], *steps]))


main()
