"""A worker: runs each message as Python, and replies with what it printed and the value of its last expression, or with the traceback.

    runyard app add pytask --exit keepalive -- python3 "$PWD/examples/pytask.py"     (a new yard has it)
    runyard send pytask 'import sys; print(sys.version_info)'

How it finds the yard, and why so, is told at the top of nodetask.js beside this file: the address and the certificate are read from the
file that RUNYARD_ADDRESS_FILE names, before every request.
"""

import ast
import contextlib
import http.client
import io
import json
import os
import ssl
import sys
import time
import traceback
from urllib.parse import quote, urlencode, urlsplit

# The yard answers a fetch before 300 s have passed, with or without a message.
REQUEST_TIMEOUT_SECONDS = 310
RETRY_DELAY_SECONDS = 0.25
END_OF_CERTIFICATE = "-----END CERTIFICATE-----"


def connect():
    with open(os.environ["RUNYARD_ADDRESS_FILE"], encoding="utf-8") as file:
        address = json.load(file)
    url = urlsplit(address["url"])
    if url.scheme == "http":
        return http.client.HTTPConnection(url.hostname, url.port, timeout=REQUEST_TIMEOUT_SECONDS)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False  # this very certificate is trusted, under whatever name
    context.verify_flags |= getattr(ssl, "VERIFY_X509_PARTIAL_CHAIN", 0x80000)  # Python 3.10 has the name
    with open(address["certificate"], encoding="ascii") as file:
        pinned = file.read().partition(END_OF_CERTIFICATE)[0] + END_OF_CERTIFICATE
    context.load_verify_locations(cadata=pinned)
    return http.client.HTTPSConnection(url.hostname, url.port, timeout=REQUEST_TIMEOUT_SECONDS, context=context)


def call(method, body=None):
    name = quote(os.environ["APP_MESH_APPLICATION_NAME"], safe="")
    query = urlencode({"process_key": os.environ["APP_MESH_PROCESS_KEY"]})
    with contextlib.closing(connect()) as connection:
        connection.request(method, f"/appmesh/app/{name}/task?{query}", body)
        response = connection.getresponse()
        return response.status, response.read()


def run(text):
    """In names of its own: no message sees what another has left."""
    names = {"__name__": "__main__"}
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        try:
            tree = ast.parse(text, "message")
            last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
            exec(compile(tree, "message", "exec"), names)
            value = eval(compile(ast.Expression(last.value), "message", "eval"), names) if last else None
            if value is not None:
                printed.write(str(value))
        except BaseException:  # also what a message's sys.exit() raises: it ends the message, not the worker
            traceback.print_exc()
    return printed.getvalue()


def main():
    if not {"APP_MESH_APPLICATION_NAME", "APP_MESH_PROCESS_KEY", "RUNYARD_ADDRESS_FILE"} <= os.environ.keys():
        sys.exit("pytask talks to the yard that started it: run it as an app of a yard")
    while True:
        try:
            status, message = call("GET")
            if status == 200:
                status, answer = call("PUT", run(message.decode("utf-8", "replace")).encode("utf-8", "replace"))
                if status != 200:
                    print("the reply was not taken:", answer.decode("utf-8", "replace"), file=sys.stderr, flush=True)
            elif status == 412:
                sys.exit("another process has taken the place of this one")
            elif status != 504:
                print(f"no message ({status}):", message.decode("utf-8", "replace"), file=sys.stderr, flush=True)
                time.sleep(RETRY_DELAY_SECONDS)
        except (OSError, ValueError, http.client.HTTPException):
            time.sleep(RETRY_DELAY_SECONDS)  # the yard is being started or restarted


if __name__ == "__main__":
    main()
