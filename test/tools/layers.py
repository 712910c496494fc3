#!/usr/bin/env python3
"""Reads src/LAYERS. --make prints it for the Makefile; without arguments, checks every #include in src/."""
import os
import re
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
SRC = os.path.join(ROOT, "src")


def read_layers():
    layers = {}
    with open(os.path.join(SRC, "LAYERS")) as f:
        for number, line in enumerate(f, 1):
            line = line.split("#")[0].strip()
            if not line:
                continue
            name, colon, deps = line.partition(":")
            name = name.strip()
            if not colon or not name:
                sys.exit(f"src/LAYERS:{number}: expected 'folder: dependencies'")
            deps = list(layers) if deps.strip() == "*" else deps.split()
            for dep in deps:
                if dep not in layers:
                    sys.exit(f"src/LAYERS:{number}: {name} names {dep}, which does not stand above it")
            layers[name] = deps
    return layers


def closure(layers, name):
    reached, todo = set(), [name]
    while todo:
        folder = todo.pop()
        if folder not in reached:
            reached.add(folder)
            todo += layers[folder]
    return [folder for folder in layers if folder in reached]


def print_make(layers):
    print("LAYERS :=", *layers)
    for name in layers:
        print(f"CLOSURE_{name} :=", *closure(layers, name))


def check(layers):
    include = re.compile(r'\s*#\s*include\s+"([^"/]+)/')
    problems = files = 0
    for folder in sorted(os.listdir(SRC)):
        if not os.path.isdir(os.path.join(SRC, folder)):
            continue
        if folder not in layers:
            print(f"src/{folder}: not named in src/LAYERS")
            problems += 1
            continue
        allowed = set(layers[folder]) | {folder}
        for directory, _, names in os.walk(os.path.join(SRC, folder)):
            for name in sorted(names):
                if not name.endswith((".h", ".cc", ".c")):
                    continue
                files += 1
                path = os.path.join(directory, name)
                with open(path, errors="replace") as f:
                    for number, line in enumerate(f, 1):
                        m = include.match(line)
                        if m and m.group(1) in layers and m.group(1) not in allowed:
                            where = os.path.relpath(path, ROOT)
                            print(f"{where}:{number}: {folder} may not include {m.group(1)}/")
                            problems += 1
    print(f"layers: {files} files, {problems} problems")
    return problems


if __name__ == "__main__":
    if sys.argv[1:] == ["--make"]:
        print_make(read_layers())
    else:
        sys.exit(1 if check(read_layers()) else 0)
