"""Serves a folder by HTTP in one of several ways, on this machine alone. Prints its port."""
import base64
import gzip
import http.server
import os
import sys
import threading

folder, mode = sys.argv[1], sys.argv[2]
asked = {}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def refuse(self, status, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_GET(self):
        count = asked[self.path] = asked.get(self.path, 0) + 1
        if mode == "denied":
            return self.refuse(403)
        if mode == "down" or mode == "busy" and count < 3:
            return self.refuse(503)
        if mode in ("away", "metadata"):
            if self.headers.get("Authorization") is None and self.server is server:
                return self.refuse(401)
            with open(os.path.join(folder, "logins"), "a") as log:
                print("first" if self.server is server else "second", self.headers.get("Authorization"), file=log)
            if mode == "metadata":
                return self.refuse(302, Location="http://169.254.169.254/latest" + self.path)
            if self.server is server:
                return self.refuse(302, Location=f"http://127.0.0.1:{other.server_address[1]}{self.path}")
        if mode == "redirects" and not self.path.startswith("/moved"):
            return self.refuse(302, Location="/moved" + self.path)
        if mode == "login" and self.headers.get("Authorization") != "Basic " + base64.b64encode(b"me:secret").decode():
            return self.refuse(401)
        path = os.path.join(folder, self.path.removeprefix("/moved").lstrip("/"))
        try:
            with open(path, "rb") as file:
                content = file.read()
        except FileNotFoundError:
            return self.refuse(404)
        begin = self.headers.get("Range", "bytes=0-").removeprefix("bytes=").rstrip("-")
        begin = 0 if mode in ("plain", "login") else int(begin)
        if mode == "second half" and begin != len(content) // 2:
            return self.refuse(500)
        if mode == "gzip":
            content = gzip.compress(b"0" * 50_000_000)
        self.send_response(206 if begin else 200)
        if mode == "gzip":
            self.send_header("Content-Encoding", "gzip")
        if begin:
            self.send_header("Content-Range", f"bytes {begin}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(content) - begin))
        self.end_headers()
        content = content[begin:]
        if mode == "breaks" and count < 4:
            content = content[: len(content) // 2]
            self.close_connection = True
        self.wfile.write(content)


server, other = (http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) for _ in range(2))
threading.Thread(target=other.serve_forever, daemon=True).start()
print(server.server_address[1], flush=True)
server.serve_forever()
