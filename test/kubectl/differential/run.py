#!/usr/bin/env python3
"""run.py STOCK OURS KUBECONFIG [AREA...]: runs the command lines of cases/AREA with the stock kubectl and with ours against the same
server, each in a namespace, folder and home of its own, and compares standard output, standard error, exit codes and, after each
area, the objects left in the namespaces. Exit code 1 and a list on differences.

In a case file each line is a shell command; $NS is the namespace (also the context's default), $D the folder, which holds a copy of
files/. Marks before a line: '~' exit code 0 or not, and whether anything was said, is all that is compared (each such line has its
reason written above it); '=' the lines of the output come in any order; '@' prepares, and is not compared. '#' is a comment.

What is random by nature, or a matter of the pace of controllers, has no place in a case file: files/settled waits for a deployment's
controllers, files/watched takes the first lines of a watch, files/next-second waits for another second.

What two runs cannot have in common is normalised (see Side.plain): uids, times, ages, resourceVersions, addresses, random names.
known/AREA lists what may differ, each group under a comment that says why that is right: those lines are run, and told when they no
longer differ, but fail nothing. CHANGED=FOLDER names a folder of more such lists, of what kubectl itself changed since the version of
STOCK; RECORD=1 writes them, from a run with a newer stock client as OURS.

Where a help text is printed, only that it is printed is compared: help texts are our own."""
import concurrent.futures, json, os, re, shutil, subprocess, sys, tempfile, time

HERE = os.path.dirname(os.path.abspath(__file__))
LINE_SECONDS = 40
ATTEMPTS = 2 if os.environ.get("RECORD") else 3
KINDS = ("configmaps,secrets,services,serviceaccounts,deployments,statefulsets,daemonsets,replicasets,jobs,cronjobs,ingresses,roles,"
         "rolebindings,horizontalpodautoscalers,poddisruptionbudgets,resourcequotas,pods")

RULES = [(re.compile(p), r) for p, r in [
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "UID"),
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", "TIME"),
    (r"(?m)^[EIWF]\d{4} \d\d:\d\d:\d\d\.\d+\s+\d+ \S+\]", "KLOG"),
    (r"(?m)^KLOG \"Warning: watch ended.*\n", ""),  # the stock client's libraries about themselves
    (r"(?m)^KLOG \"Unhandled Error\" err=\"couldn't get current server API group list: .*\n", ""),  # the same, before they give up
    (r"(?m)^(\d+[dhms])+( \(x\d+ over \w+\))? +", "AGE "),
    (r"(resourceVersion\"?: ?\"?)\d+", r"\1RV"),
    (r"\b10\.(42|43|0)\.\d+\.\d+\b *", "IP "),
    (r"(nodePort\"?: ?)\d+", r"\1PORT"),
    (r"\b3[0-2]\d{3}(/TCP|/UDP)", r"PORT\1"),
    (r"(kube-api-access|-token)-[a-z0-9]{5}\b", r"\1-RANDOM"),
    (r"(?m)^(.*CLUSTER-IP) +(.*)$", r"\1 \2"),
    (r"-[0-9a-f]{6,10}-[bcdfghjklmnpqrstvwxz2456789]{5}\b", "-HASH-RANDOM"),
    (r"(?m) +(\d+[dhms])+( ago)?( *$| {2,})", r" AGE  "),
    (r"(?m)^(.*[A-Z].* AGE) +", r"\1  "),  # the heading of a column that is as wide as its ages
    (r"\b\d+(\.\d+)?(ms|µs)\b", "DURATION"),
    (r"/kubectl-(edit|create)-\w+", r"/kubectl-\1-RANDOM"),
    (r"(?m)^See '.*' for (usage|help and examples)[.]?$", "(help)"),
]]


class Side:
    def __init__(self, client, base, area, letter, kubeconfig, attempt):
        self.ns = f"diff-{area}{attempt}-{letter}"
        self.folder = os.path.join(base, area + attempt, letter)
        shutil.copytree(os.path.join(HERE, "files"), self.folder)
        for name in ("tls.crt", "tls.key"):
            shutil.copy(os.path.join(base, name), self.folder)
        os.makedirs(self.folder + "/bin")
        os.makedirs(self.folder + "/home")
        os.makedirs(self.folder + "/tmp")
        os.symlink(client, self.folder + "/bin/kubectl")
        with open(kubeconfig) as f:
            config = json.loads(subprocess.check_output([STOCK, "config", "view", "--raw", "-o", "json"], env={"KUBECONFIG": f.name}))
        config["contexts"][0]["context"]["namespace"] = self.ns
        with open(self.folder + "/kubeconfig", "w") as f:
            json.dump(config, f)
        # Nothing runs long enough for a garbage collection to be worth its time.
        self.env = {"GOGC": "off", "GOMEMLIMIT": "200MiB", "PATH": self.folder + "/bin:/usr/local/bin:/usr/bin:/bin", "HOME": self.folder + "/home", "TMPDIR": self.folder + "/tmp", "NS": self.ns, "TZ": "UTC",
                    "D": self.folder, "KUBECONFIG": self.folder + "/kubeconfig"}

    def plain(self, text):
        text = text.replace(self.ns, "NS").replace(self.folder, "$D")
        for pattern, replacement in RULES:
            text = pattern.sub(replacement, text)
        return "\n".join(line.rstrip() for line in text.split("\n"))

    def run(self, line):
        begin = time.monotonic()
        try:
            # A group of its own: what a command leaves running in the background ends with it.
            done = subprocess.Popen(["bash", "-c", line], cwd=self.folder, env=self.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                    stderr=subprocess.PIPE, start_new_session=True)
            out, err = done.communicate(timeout=LINE_SECONDS)
            code = done.returncode
        except subprocess.TimeoutExpired:
            os.killpg(done.pid, 9)
            out, err = done.communicate()
            code = "did not end"
        self.seconds = time.monotonic() - begin
        return code, self.plain(out.decode(errors="replace")), self.plain(err.decode(errors="replace"))


def is_help(text):
    return "Usage:\n" in text or "Available Commands:\n" in text or text.startswith("The following options can be passed to any command:")


def reduced(result, mark):
    code, out, err = result
    if mark == "=":
        out, err = "\n".join(sorted(out.split("\n"))), "\n".join(sorted(err.split("\n")))
    if is_help(out): out = "(help)"
    if is_help(err): err = "(help)"
    return (code != 0, bool(out), bool(err)) if mark == "~" else (code, out, err)


def same(stock, ours):
    """Equal, or the same JSON with its fields in another order: the stock client orders the fields of objects it made itself as its
    structures do, ours by name (as both do with what a server sent)."""
    if stock == ours: return True
    if stock[0] != ours[0] or stock[2] != ours[2] or not str(stock[1]).startswith("{"): return False
    try:
        return json.loads(stock[1]) == json.loads(ours[1])
    except ValueError:
        return False


def objects(side, kubeconfig):
    """What the area left behind, each object as text, in the order of that text."""
    text = subprocess.run([STOCK, "get", KINDS, "-n", side.ns, "-o", "json", "--show-managed-fields"], env=dict(side.env, KUBECONFIG=kubeconfig),
                          stdin=subprocess.DEVNULL, capture_output=True, text=True).stdout
    out = {}
    for item in json.loads(text or '{"items":[]}')["items"]:
        if item.get("type") == "kubernetes.io/service-account-token": continue  # what controllers made before 1.24
        item.pop("status", None)  # the controllers' business, and theirs to be early or late with
        metadata = item["metadata"]
        metadata.get("annotations", {}).pop("deployment.kubernetes.io/revision", None)  # the controller's pace again
        for field in ("uid", "resourceVersion", "creationTimestamp", "generation"):
            metadata.pop(field, None)
        # Written by controllers at times of their own; the client's own entries stay.
        metadata["managedFields"] = sorted((e for e in metadata.get("managedFields", []) if e.get("manager", "").startswith("kubectl") or
                                            e.get("operation") == "Apply"), key=lambda e: json.dumps(e, sort_keys=True))
        if metadata.get("ownerReferences") or item["kind"] == "ReplicaSet": metadata.pop("managedFields")
        text = side.plain(json.dumps(item, indent=1, sort_keys=True))
        out.setdefault(item["kind"] + "/" + side.plain(metadata["name"]), []).append(text)
    return {name: sorted(texts) for name, texts in out.items()}


def text_difference(a, b):
    with tempfile.NamedTemporaryFile("w") as fa, tempfile.NamedTemporaryFile("w") as fb:
        fa.write(a if a.endswith("\n") else a + "\n"), fb.write(b if b.endswith("\n") else b + "\n")
        fa.flush(), fb.flush()
        text = subprocess.run(["diff", "-U2", fa.name, fb.name], capture_output=True, text=True).stdout
    return "\n".join("    " + line for line in text.split("\n")[2:40])


def compare_area(area, base, kubeconfig, attempt):
    """Returns (number of comparisons, report of the differences)."""
    sides = [Side(client, base, area, letter, kubeconfig, attempt) for client, letter in ((STOCK, "a"), (OURS, "b"))]
    count, report = 0, []
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for line in open(os.path.join(HERE, "cases", area)):
            line = line.rstrip("\n")
            if not line or line.startswith("#"): continue
            mark = line[0] if line[0] in "~=@" else ""
            command = line[len(mark):].strip()
            results = list(pool.map(lambda side: side.run(command), sides))
            if os.environ.get("SHOW_TIMES"): print(f"{sides[0].seconds:6.2f} {sides[1].seconds:6.2f} {line}", flush=True)
            if mark == "@":
                if results[0][0] != 0: report.append(f"{area}: cannot prepare: {command}\n{results[0][1]}{results[0][2]}")
                continue
            count += 1
            stock, ours = (reduced(r, mark) for r in results)
            if same(stock, ours): continue
            lines = [f"{area}: {command}"]
            for what, x, y in zip(("exit code", "stdout", "stderr"), stock, ours):
                if x != y: lines.append(f"  {what}:\n" + text_difference(str(x), str(y)))
            report.append("\n".join(lines))
        left = list(pool.map(lambda side: objects(side, kubeconfig), sides))
    count += 1
    for name in sorted(set(left[0]) | set(left[1])):
        a, b = ("\n".join(side.get(name, ["(is not there)"])) for side in left)
        if a != b and not name.startswith(("ReplicaSet/", "Pod/")): report.append(f"{area}: object left behind: {name}\n" + text_difference(a, b))
    return count, report


def listed(folder, area):
    path = os.path.join(folder, area)
    if not os.path.exists(path): return []
    with open(path) as f:
        return [line.rstrip("\n") for line in f if line.strip() and not line.startswith("#")]


def record(folder, areas, differing):
    os.makedirs(folder, exist_ok=True)
    for area in areas:
        with open(os.path.join(folder, area), "w") as f:
            f.write("".join(line.removeprefix(area + ": ") + "\n" for line in sorted(differing) if line.startswith(area + ": ")))


def main():
    global STOCK, OURS
    STOCK, OURS, kubeconfig = (os.path.abspath(p) for p in sys.argv[1:4])
    areas = sys.argv[4:] or sorted(os.listdir(os.path.join(HERE, "cases")))
    changed = os.environ.get("CHANGED", "")
    recording = changed and os.environ.get("RECORD")
    lists = [] if recording else [os.path.join(HERE, "known")] + ([changed] if changed else [])
    known = {f"{area}: {line}" for area in areas for folder in lists for line in listed(folder, area)}
    base = tempfile.mkdtemp(prefix="skerry-kubectl-diff-")
    try:
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "tls.key", "-out", "tls.crt", "-days", "9", "-subj", "/CN=x"],
                       cwd=base, check=True, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        count, report = compare(areas, base, kubeconfig, "")
        first = {entry.split("\n")[0] for entry in report}
        # Controllers work beside both clients, and a busy machine delays them. What differs in one run and not in another was their
        # doing: a difference counts that is there every time.
        for attempt in range(2, ATTEMPTS + 1):
            again = sorted({entry.split(":")[0] for entry in report if entry.split("\n")[0] not in known})
            if not again: break
            later = {entry.split("\n")[0] for entry in compare(again, base, kubeconfig, str(attempt))[1]}
            for entry in report:
                name = entry.split("\n")[0]
                if name not in known and name not in later: print(f"differs now and then: {entry}")
            report = [e for e in report if e.split("\n")[0] in known or e.split("\n")[0] in later]
    finally:
        shutil.rmtree(base, ignore_errors=True)
    differing = {entry.split("\n")[0] for entry in report}
    if recording:
        record(changed, areas, differing)
        print(f"{count} comparisons, {len(differing)} differences written to {changed}")
        sys.exit(0)
    report = [entry for entry in report if os.environ.get("SHOW_KNOWN") or entry.split("\n")[0] not in known]
    print("\n".join(report))
    for line in sorted(known - first) if not changed else ():
        print(f"no longer differs, take it off the list of known differences: {line}")
    print(f"{count} comparisons, {len(differing & known)} known differences, {len(differing - known)} others")
    sys.exit(1 if differing - known or not count else 0)


def compare(areas, base, kubeconfig, attempt):
    """All areas in fresh namespaces: (number of comparisons, report)."""
    env = {"KUBECONFIG": kubeconfig, "HOME": base, "PATH": os.environ.get("PATH", "/usr/bin:/bin")}
    names = [f"diff-{area}{attempt}-{letter}" for area in areas for letter in "ab"]
    manifest = json.dumps({"apiVersion": "v1", "kind": "List",
                           "items": [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in names]})
    subprocess.run([STOCK, "create", "-f", "-"], input=manifest, text=True, env=env, check=True, stdout=subprocess.DEVNULL)
    wanted = {f"{name}/{child}" for name in names for child in ("default", "kube-root-ca.crt")}
    for _ in range(600):
        there = subprocess.run([STOCK, "get", "serviceaccounts,configmaps", "-A", "-o",
                                'jsonpath={range .items[*]}{.metadata.namespace}/{.metadata.name}{" "}{end}'], env=env, check=True,
                               stdin=subprocess.DEVNULL, capture_output=True, text=True).stdout
        if wanted <= set(there.split()): break
        time.sleep(0.1)
    else:
        sys.exit("the namespaces were not filled: " + " ".join(sorted(wanted - set(there.split()))))
    count, report = 0, []
    with concurrent.futures.ThreadPoolExecutor(len(areas)) as pool:
        for more, lines in pool.map(lambda area: compare_area(area, base, kubeconfig, attempt), areas):
            count += more
            report += lines
    return count, report


main()
