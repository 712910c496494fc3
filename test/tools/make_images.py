#!/usr/bin/env python3
"""Makes small container images from Debian's busybox-static, without any container engine.

    make_images.py DIR

writes, the same bytes every time:
    busybox.tar      skerry.local/busybox:1   docker archive; every busybox applet, no command of its own but sh
    demo-1.tar       skerry.local/demo:1      docker archive; a web server on port 8080 that names its host
    demo-2.tar       skerry.local/demo:2      the same, saying "version 2"
    demo-1.oci.tar, busybox.oci.tar           as OCI layout archives with gzip layers

The demo serves / (text: "hello from <hostname>, version <n>") and /healthz. On SIGTERM it goes on serving for
LAME_DUCK seconds (default 1), because clients learn only afterwards that it is going, and ends.
"""
import gzip
import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile

BUSYBOX = "/bin/busybox"
# That of the busybox, as images name it.
DEBIAN = subprocess.run(["dpkg", "--print-architecture"], capture_output=True, text=True).stdout.strip()
ARCHITECTURE = {"armhf": "arm", "": "amd64"}.get(DEBIAN, DEBIAN)

DEMO_SERVER = """#!/bin/sh
# Ends after LAME_DUCK seconds when told to: until then the Service may still send clients here.
echo "serving on port ${PORT:-8080}"
trap 'sleep "${LAME_DUCK:-1}"; kill "$server"; exit 0' TERM INT
httpd -f -p "${PORT:-8080}" -h /www &
server=$!
wait
"""
DEMO_INDEX = """#!/bin/sh
printf 'Content-Type: text/plain\\r\\nConnection: close\\r\\n\\r\\nhello from %s, version VERSION\\n' "$(hostname)"
"""


def layer(entries):
    """A layer's tar from (path, mode, content); content None is a directory, ("link", target) a symlink."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for path, mode, content in entries:
            info = tarfile.TarInfo(path)
            info.mode = mode
            data = None
            if content is None:
                info.type = tarfile.DIRTYPE
            elif isinstance(content, tuple):
                info.type, info.linkname = tarfile.SYMTYPE, content[1]
            else:
                data = content if isinstance(content, bytes) else content.encode()
                info.size = len(data)
            tar.addfile(info, io.BytesIO(data) if data is not None else None)
    return out.getvalue()


def base_layer():
    with open(BUSYBOX, "rb") as f:
        busybox = f.read()
    applets = subprocess.run([BUSYBOX, "--list"], capture_output=True, text=True, check=True).stdout.split()
    entries = [(d, 0o755, None) for d in ("bin", "dev", "etc", "home", "proc", "root", "run", "sys", "usr",
                                          "usr/bin", "var", "var/log")]
    entries += [("tmp", 0o1777, None), ("bin/busybox", 0o755, busybox)]
    entries += [("bin/" + a, 0o777, ("link", "busybox")) for a in sorted(set(applets)) if a != "busybox"]
    entries += [
        ("usr/bin/env", 0o777, ("link", "../../bin/busybox")),
        ("etc/passwd", 0o644, "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n"),
        ("etc/group", 0o644, "root:x:0:\nnogroup:x:65534:\n"),
    ]
    return layer(entries)


def demo_layer(version):
    return layer([
        ("www", 0o755, None), ("www/cgi-bin", 0o755, None),
        ("www/cgi-bin/index.cgi", 0o755, DEMO_INDEX.replace("VERSION", str(version))),
        ("www/healthz", 0o644, "ok\n"),
        ("bin/demo-server", 0o755, DEMO_SERVER),
    ])


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def config(layers, settings, comment):
    return json.dumps({
        "architecture": ARCHITECTURE, "os": "linux", "created": "1970-01-01T00:00:00Z",
        "config": {"Env": ["PATH=/bin:/usr/bin"], "WorkingDir": "/", **settings},
        "rootfs": {"type": "layers", "diff_ids": ["sha256:" + sha256(l) for l in layers]},
        "history": [{"created": "1970-01-01T00:00:00Z", "created_by": comment} for _ in layers],
    }, separators=(",", ":")).encode()


def write_tar(path, files):
    with open(path + ".new", "wb") as f, tarfile.open(fileobj=f, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for name, data in files:
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(data), 0o644
            tar.addfile(info, io.BytesIO(data))
    os.replace(path + ".new", path)


def docker_archive(path, tag, layers, conf):
    names = [sha256(l) + "/layer.tar" for l in layers]
    manifest = [{"Config": sha256(conf) + ".json", "RepoTags": [tag], "Layers": names}]
    write_tar(path, [(sha256(conf) + ".json", conf), *zip(names, layers),
                     ("manifest.json", json.dumps(manifest).encode())])


def oci_archive(path, tag, layers, conf):
    zipped = [gzip.compress(l, 9, mtime=0) for l in layers]

    def descriptor(kind, data, **more):
        return {"mediaType": f"application/vnd.oci.image.{kind}", "digest": "sha256:" + sha256(data),
                "size": len(data), **more}

    manifest = json.dumps({
        "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": descriptor("config.v1+json", conf),
        "layers": [descriptor("layer.v1.tar+gzip", z) for z in zipped],
    }).encode()
    index = json.dumps({
        "schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": [descriptor("manifest.v1+json", manifest, annotations={
            "org.opencontainers.image.ref.name": tag, "io.containerd.image.name": tag})],
    }).encode()
    blobs = [(f"blobs/sha256/{sha256(b)}", b) for b in [conf, manifest, *zipped]]
    write_tar(path, [("oci-layout", b'{"imageLayoutVersion":"1.0.0"}'), ("index.json", index), *blobs])


def main(out):
    os.makedirs(out, exist_ok=True)
    base = base_layer()
    layers = [base]
    conf = config(layers, {"Cmd": ["sh"]}, "busybox-static")
    docker_archive(f"{out}/busybox.tar", "skerry.local/busybox:1", layers, conf)
    oci_archive(f"{out}/busybox.oci.tar", "skerry.local/busybox:1", layers, conf)
    for version in (1, 2):
        layers = [base, demo_layer(version)]
        conf = config(layers, {"Entrypoint": ["/bin/demo-server"], "ExposedPorts": {"8080/tcp": {}}}, "demo")
        docker_archive(f"{out}/demo-{version}.tar", f"skerry.local/demo:{version}", layers, conf)
        if version == 1:
            oci_archive(f"{out}/demo-1.oci.tar", "skerry.local/demo:1", layers, conf)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
