#!/usr/bin/env python3
"""The client's figures, `skerry kubectl` (kubectl_*) beside the stock one of Kubernetes 1.36 (stock_kubectl_*), the same commands in turn
against the same server: wall-clock time (median) and peak memory (highest) of a run. $SKERRY, $TEST_TOOLS; root. Prints lines
"name value unit"; anything that goes wrong ends it with exit code 1."""
import json, os, shutil, statistics, subprocess, sys, tempfile, time

PODS, OBJECTS = 1000, 500


def run_once(command, env):
    """Milliseconds and peak memory in MB. The memory comes from time(1): the system counts in a child what its parent, Python, had."""
    begin = time.perf_counter()
    done = subprocess.run(["/usr/bin/time", "-q", "-f", "\n%M"] + command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, text=True)
    ms = (time.perf_counter() - begin) * 1000
    if done.returncode != 0: sys.exit(f"{command}: exit code {done.returncode}: {done.stderr}")
    return ms, int(done.stderr.split()[-1]) / 1024


def measure(name, times, clients, arguments, env, before=None):
    """In turn, so that what else the machine does meets both alike; the first run of each fills caches and does not count."""
    got = {prefix: [] for prefix in clients}
    for i in range(times + 1):
        for prefix, client in clients.items():
            if before: before()
            result = run_once(client + arguments, env[prefix])
            if i: got[prefix].append(result)
    for prefix, results in got.items():
        print(f"{prefix}_{name}_ms {statistics.median(r[0] for r in results):.2f} ms")
        print(f"{prefix}_{name}_memory {max(r[1] for r in results):.1f} MB", flush=True)


def main():
    if "KUBECTL_BENCH_INSIDE" not in os.environ:
        os.execvpe("unshare", ["unshare", "--net", "--", sys.executable, os.path.abspath(__file__)], dict(os.environ, KUBECTL_BENCH_INSIDE="1"))
    skerry, stock = os.environ["SKERRY"], os.environ["TEST_TOOLS"] + "/bin/kubectl-1.36"
    base = tempfile.mkdtemp(prefix="skerry-bench-kubectl-")
    server = None
    try:
        for line in ("link set lo up", "link add outer type veth peer name inner", "addr add 10.98.0.1/24 dev outer", "link set outer up", "link set inner up"):
            subprocess.run(["ip"] + line.split(), check=True)
        kubeconfig = base + "/kubeconfig"
        with open(base + "/log", "w") as log:
            server = subprocess.Popen([skerry, "server", "--data-dir", base + "/data", "--run-dir", base + "/run", "--instance", "kbch", "--log-dir", base + "/logs",
                                       "--config", "/dev/null", "--write-kubeconfig", kubeconfig, "--node-ip", "10.98.0.1", "--disable-agent"],
                                      stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        clients = {"kubectl": [skerry, "kubectl"], "stock_kubectl": [stock]}
        env = {}
        for prefix in clients:
            os.mkdir(f"{base}/{prefix}")
            env[prefix] = {"PATH": "/usr/bin:/bin", "HOME": f"{base}/{prefix}", "KUBECONFIG": kubeconfig}
        quiet = dict(env=env["stock_kubectl"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(600):
            if subprocess.run([stock, "get", "serviceaccount", "default"], **quiet).returncode == 0: break
            if server.poll() is not None: sys.exit("the server ended: " + open(base + "/log").read())
            time.sleep(0.1)
        pod = {"apiVersion": "v1", "kind": "Pod", "spec": {"schedulerName": "nobody", "containers": [{"name": "c", "image": "example/app:1", "ports": [{"containerPort": 80}]}]}}
        with open(base + "/pods.json", "w") as f:
            json.dump({"apiVersion": "v1", "kind": "List", "items": [dict(pod, metadata={"name": f"pod-{i:04d}", "labels": {"app": f"a{i % 10}"}}) for i in range(PODS)]}, f)
        with open(base + "/objects.yaml", "w") as f:
            for i in range(OBJECTS):
                f.write(f"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: object-{i:03d}\n  labels: {{app: bench}}\ndata:\n  number: \"{i}\"\n  text: some words\n---\n")
        subprocess.run([stock, "create", "-f", base + "/pods.json"], **quiet, check=True)

        measure("version", 20, clients, ["version", "--client"], env)
        measure("get_1000_pods", 7, clients, ["get", "pods", "-A"], env)
        gone = lambda: subprocess.run([stock, "delete", "configmaps", "-l", "app=bench", "--wait=false"], **quiet)
        measure("apply_500_new", 3, clients, ["apply", "-f", base + "/objects.yaml"], env, gone)
        measure("apply_500_same", 1, clients, ["apply", "-f", base + "/objects.yaml"], env)
        print(f"kubectl_file {os.path.getsize(skerry) / 1e6:.1f} MB\nstock_kubectl_file {os.path.getsize(stock) / 1e6:.1f} MB")
    finally:
        if server:
            server.terminate()
            server.wait()
        shutil.rmtree(base, ignore_errors=True)


main()
