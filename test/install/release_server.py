#!/usr/bin/env python3
"""Serves releases to the tests of install.sh: release_server.py ADDRESS PORT FOLDER READY_FILE

What is asked for below /cut/ arrives half: the connection ends before Content-Length bytes were sent. Below /short/ it ends in
the middle without a Content-Length, which looks like the end of the file. Below /page/ what is not there is answered with a
page and status 200, as some web hosts do.
"""
import functools
import http.server
import os
import shutil
import sys


class Handler(http.server.SimpleHTTPRequestHandler):
    def do_GET(self):
        way, _, rest = self.path.lstrip("/").partition("/")
        if way not in ("cut", "short", "page"):
            return super().do_GET()
        path = self.translate_path("/" + rest)
        if not os.path.isfile(path):
            if way != "page":
                return self.send_error(404)
            page = b"<html>nothing here</html>\n"
            self.send_response(200)
            self.send_header("Content-Length", str(len(page)))
            self.end_headers()
            return self.wfile.write(page)
        size = os.path.getsize(path)
        # Small files arrive whole: the interesting one is the executable.
        part = size if size < 1000 or way == "page" else size // 2
        self.send_response(200)
        if way != "short":
            self.send_header("Content-Length", str(size))
        self.end_headers()
        with open(path, "rb") as f:
            self.wfile.write(f.read(part))
        self.close_connection = True

    def log_message(self, *args):
        pass


address, port, folder, ready = sys.argv[1:5]
server = http.server.ThreadingHTTPServer((address, int(port)), functools.partial(Handler, directory=folder))
with open(ready + ".new", "w") as f:
    f.write("ready\n")
os.rename(ready + ".new", ready)
server.serve_forever()
