#!/usr/bin/env python3
"""Builds every kustomization of cases/ with kubectl and with our program, and compares what they print.

compare.py [--keep] KUBECTL PROGRAM... [-- CASE...]

A case is a text file: lines "=== path" begin the files of a folder. The build starts in `top` if there is such a folder,
else in the folder itself. Standard output and the exit code must be the same. Standard error must be the same too, apart
from addresses that Go prints; where a case has a line "# stderr: differs" before its first file it need only not be empty.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))


def unpack(text, folder):
    options = []
    path = None
    out = {}
    for line in text.splitlines(keepends=True):
        if line.startswith("=== "):
            path = line[4:].strip()
            out[path] = ""
        elif path is None:
            options.append(line.strip())
        else:
            out[path] += line
    for path, content in out.items():
        full = os.path.join(folder, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "wb") as f:
            data = content.encode()
            if path.endswith(".bin"):
                data = bytes.fromhex(content)
            f.write(data)
    return options


def run(command, folder):
    done = subprocess.run(command + [folder], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent"}, timeout=60)
    return done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")


def same_words(text):
    text = re.sub(r"generator &\{0x[0-9a-f]+ <nil>\}", "generator", text)
    text = re.sub(r"generator (ConfigMap|Secret)Generator", "generator", text)
    text = re.sub(r"^[IWE]\d{4} \S+ +\d+ \S+\] ", "", text, flags=re.M)
    text = re.sub(r"^\d{4}/\d\d/\d\d \d\d:\d\d:\d\d ", "", text, flags=re.M)
    return text.strip()


def main():
    args = sys.argv[1:]
    only = []
    if "--" in args:
        only = args[args.index("--") + 1:]
        args = args[:args.index("--")]
    kubectl, program = [args[0], "kustomize"], args[1:]
    failed = 0
    names = sorted(n for n in os.listdir(os.path.join(HERE, "cases")) if n.endswith(".txt"))
    for name in names:
        if only and name[:-4] not in only:
            continue
        folder = tempfile.mkdtemp(prefix="kustomize-")
        try:
            with open(os.path.join(HERE, "cases", name)) as f:
                options = unpack(f.read(), folder)
            start = os.path.join(folder, "top") if os.path.isdir(os.path.join(folder, "top")) else folder
            want = run(kubectl, start)
            got = run(program, start)
            problems = []
            if want[0] != got[0]:
                problems.append(f"exit code {got[0]}, not {want[0]}")
            if want[1] != got[1]:
                problems.append("standard output")
            if "# stderr: differs" in options:
                if bool(want[2].strip()) != bool(got[2].strip()):
                    problems.append("standard error is empty for one of them")
            elif same_words(want[2]) != same_words(got[2]):
                problems.append("standard error")
            if problems:
                failed += 1
                print(f"FAIL {name}: {', '.join(problems)}")
                for what, i in (("output", 1), ("error", 2)):
                    if want[i] != got[i]:
                        with tempfile.TemporaryDirectory() as t:
                            for who, text in (("kubectl", want[i]), ("ours", got[i])):
                                with open(os.path.join(t, who), "w") as f:
                                    f.write(text)
                            print(subprocess.run(["diff", "-u", "kubectl", "ours"], cwd=t, stdout=subprocess.PIPE).stdout.decode()[:4000])
            else:
                print(f"ok   {name}")
        finally:
            shutil.rmtree(folder)
    print(f"{len(names) if not only else len(only)} cases, {failed} failed")
    return 1 if failed else 0


sys.exit(main())
