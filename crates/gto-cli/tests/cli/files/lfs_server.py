"""A server of Git LFS for one test, on this machine alone, that does one thing wrong or none. Prints its port and that of another server.

    lfs_server.py FOLDER MODE LOG

FOLDER has the files by their hashes; LOG gets a line for each request: which server, the method, the path, and who logs in.
"""

import base64
import gzip
import http.server
import json
import sys
import threading
from pathlib import Path

folder, mode, log = Path(sys.argv[1]), sys.argv[2], open(sys.argv[3], "a", buffering=1)
LOGIN = "Basic " + base64.b64encode(b"me:secret").decode()
asked = {"batches": 0}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def note(self):
        name = "first" if self.server is first else "second"
        print(name, self.command, self.path, self.headers.get("Authorization"), self.headers.get("X-Token"), file=log)

    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        self.note()
        question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if mode in ("login", "ssh", "strange") and self.headers.get("Authorization") != LOGIN:
            return self.answer(401, LFS_Authenticate='Basic realm="x"')
        asked["batches"] += 1
        objects = [self.object(entry) for entry in question["objects"]]
        self.answer(200, json.dumps({"transfer": "basic", "objects": objects}).encode(), Content_Type="application/vnd.git-lfs+json")

    def object(self, entry):
        oid = entry["oid"]
        if mode == "absent" or not (folder / oid).exists():
            return {**entry, "error": {"code": 404, "message": "no such object"}}
        if mode == "refuses":
            return {**entry, "error": {"code": 403, "message": "not \x1b[31mfor you"}}
        server = second if mode == "elsewhere" else first
        href = {"file": "file:///etc/passwd", "metadata": "http://169.254.169.254/latest/" + oid}.get(mode)
        href = href or f"http://127.0.0.1:{server.server_address[1]}/{asked['batches']}/{oid}"
        header = {"X-Token": "t", "Host": "evil", "Content-Length": "7", "Range": "bytes=1-"}
        return {**entry, "actions": {"download": {"href": href, "header": header, "expires_in": 3600}}}

    def do_GET(self):
        self.note()
        oid = self.path.split("/")[-1]
        if mode == "expires" and self.path.startswith("/1/"):
            return self.answer(403)
        if mode == "redirects" and self.server is first:
            return self.answer(302, Location=f"http://127.0.0.1:{second.server_address[1]}{self.path}")
        content = (folder / oid).read_bytes()
        if mode == "tampered":
            content = content[::-1]
        if mode == "longer":
            content += b"x"
        if mode == "gzip":
            return self.answer(200, gzip.compress(b"0" * 50_000_000), Content_Encoding="gzip")
        self.answer(200, content)


first, second = (http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) for _ in range(2))
threading.Thread(target=second.serve_forever, daemon=True).start()
print(first.server_address[1], second.server_address[1], flush=True)
first.serve_forever()
