#!/usr/bin/env python3
"""Pushes an OCI layout archive (make_images.py writes them) to a registry that speaks plain HTTP.

    push_image.py ARCHIVE http://127.0.0.1:5000/name:tag [user:password]
"""
import base64
import http.client
import json
import sys
import tarfile
import urllib.parse


def main(archive, target, login=None):
    url = urllib.parse.urlsplit(target)
    name, _, tag = url.path.strip("/").rpartition(":")
    headers = {"Authorization": "Basic " + base64.b64encode(login.encode()).decode()} if login else {}
    connection = http.client.HTTPConnection(url.netloc)

    def call(method, path, body=b"", expect=(), **more):
        connection.request(method, path, body, {**headers, **more})
        response = connection.getresponse()
        text = response.read()
        if response.status not in expect:
            sys.exit(f"{method} {path}: {response.status} {text.decode(errors='replace')}")
        return response

    def push_blob(digest, data):
        if call("HEAD", f"/v2/{name}/blobs/{digest}", expect=(200, 404)).status == 200:
            return
        where = urllib.parse.urlsplit(call("POST", f"/v2/{name}/blobs/uploads/", expect=(202,)).headers["Location"])
        query = (where.query + "&" if where.query else "") + "digest=" + digest
        call("PUT", f"{where.path}?{query}", data, (201,), **{"Content-Type": "application/octet-stream"})

    with tarfile.open(archive) as tar:
        def blob(digest):
            return tar.extractfile("blobs/" + digest.replace(":", "/")).read()

        entry = json.load(tar.extractfile("index.json"))["manifests"][0]
        manifest = blob(entry["digest"])
        parsed = json.loads(manifest)
        for part in [parsed["config"], *parsed["layers"]]:
            push_blob(part["digest"], blob(part["digest"]))
        call("PUT", f"/v2/{name}/manifests/{tag}", manifest, (201,), **{"Content-Type": entry["mediaType"]})
    print(entry["digest"])


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    main(*sys.argv[1:])
