#!/usr/bin/env python3
"""What an executable's bytes are: sizes.py EXECUTABLE.full ARCHIVE...

Prints a table of its symbols by the library or folder they come from. A template counts for its own library (as in
nlohmann::json), whichever folder asked for it. Read-only data without a symbol (strings, unwind tables) is `other`."""
import collections
import os
import re
import subprocess
import sys


def nm(path, *flags):
    out = subprocess.run(["nm", *flags, path], capture_output=True, text=True).stdout
    return [line.split(maxsplit=3) for line in out.splitlines()]


def library_of_symbols(archives):
    owner = {}
    for path in archives:
        name = os.path.basename(path)[3:-2]
        for fields in nm(path, "--defined-only", "-S", "-P"):
            if len(fields) > 1:
                owner.setdefault(fields[0], name)
    return owner


def group(mangled, demangled, owner):
    # What a function of the standard library does to a type of ours is still the standard library's code.
    first = re.sub(r"^(vtable|typeinfo|typeinfo name|guard variable|VTT|construction vtable) for ", "", demangled)
    first = re.sub(r"^(void|bool|auto|int|decltype\([^)]*\)) ", "", first)
    if first.startswith("nlohmann::"):
        return "nlohmann::json"
    if first.startswith("std::") or first.startswith("__gnu_cxx") or "std::_Function_handler" in first[:40]:
        return "templates of the standard library" if mangled not in owner or not owner[mangled].startswith("stdc++") else "libstdc++"
    if first.startswith("YAML::"):
        return "yaml-cpp"
    match = re.match(r"(?:\S+ )?skerry::(\w+)::", first)
    if match:
        return "src/" + match.group(1)
    if "skerry_blob_" in mangled:
        return "embedded files"
    return owner.get(mangled, "other C")


def main():
    executable, archives = sys.argv[1], sys.argv[2:]
    owner = library_of_symbols(archives)
    names = subprocess.run(["nm", "-S", "--defined-only", executable], capture_output=True, text=True).stdout.splitlines()
    symbols = {}
    for line in names:
        fields = line.split()
        if len(fields) == 4 and fields[2] not in "bB":
            symbols[int(fields[0], 16)] = (int(fields[1], 16), fields[3])
    mangled = [name for _, name in symbols.values()]
    plain = subprocess.run(["c++filt"], input="\n".join(mangled), capture_output=True, text=True).stdout.splitlines()
    total = collections.Counter()
    for (size, name), text in zip(symbols.values(), plain):
        total[group(name, text, owner)] += size
    sections = {}
    for line in subprocess.run(["size", "-A", executable], capture_output=True, text=True).stdout.splitlines():
        fields = line.split()
        if len(fields) == 3 and fields[0].startswith(".") and not fields[0].startswith((".debug", ".bss", ".tbss", ".comment", ".note", ".ARM.attr")):
            sections[fields[0]] = int(fields[1])
    whole = sum(sections.values())
    for name in (".eh_frame", ".eh_frame_hdr", ".gcc_except_table", ".ARM.exidx", ".ARM.extab"):
        if name in sections:
            total[name] += sections[name]
    total["strings and other data"] = whole - sum(total.values())
    print(f"{'bytes':>10}  what")
    for name, size in total.most_common():
        if size >= 20000:
            print(f"{size:>10}  {name}")
    print(f"{whole:>10}  together")


main()
