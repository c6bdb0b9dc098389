// A worker: evaluates each message as JavaScript, and replies with the value, or with the error's text.
//
//   runyard app add nodetask --exit keepalive -- node "$PWD/examples/nodetask.js"     (a new yard has it)
//   runyard send nodetask '6 * 7'
//
// The yard gives every process of an app three variables: APP_MESH_APPLICATION_NAME, APP_MESH_PROCESS_KEY (its credential for this
// application, new at each start) and RUNYARD_ADDRESS_FILE, the path of a JSON file with the yard's `url` and, where that is https,
// the path of its `certificate`. The address is a file and no variable, because a variable would keep what was true when the process
// started: the file is read before every request, so a yard that comes back on another port, or with a renewed certificate, is found.
// That certificate itself is what is trusted, under whatever name: it may be self-signed, and made for another name than the loopback's.
import { readFile } from "node:fs/promises";
import http from "node:http";
import https from "node:https";
import { createRequire } from "node:module";
import { buffer } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { inspect } from "node:util";
import vm from "node:vm";

const { APP_MESH_APPLICATION_NAME: name, APP_MESH_PROCESS_KEY: key, RUNYARD_ADDRESS_FILE: addressFile } = process.env;
if (!name || !key || !addressFile) {
  console.error("nodetask talks to the yard that started it: run it as an app of a yard");
  process.exit(2);
}

/** The yard answers a fetch before 300 s have passed, with or without a message. */
const requestTimeoutMs = 310_000;
const retryDelayMs = 250;
/** Of code that never yields; until it ends, no other message is answered. */
const longestEvaluationMs = 300_000;

async function call(method, body) {
  const address = JSON.parse(await readFile(addressFile, "utf8"));
  const url = new URL(`/appmesh/app/${encodeURIComponent(name)}/task`, address.url);
  url.searchParams.set("process_key", key);
  const options = { method, timeout: requestTimeoutMs, headers: { "content-length": body?.length ?? 0 } };
  if (address.certificate) {
    const [pinned] = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/.exec(
      await readFile(address.certificate, "utf8"),
    );
    Object.assign(options, { ca: pinned, allowPartialTrustChain: true, checkServerIdentity: () => undefined });
  }
  const response = await new Promise((resolve, reject) => {
    const request = (url.protocol === "https:" ? https : http).request(url, options, resolve);
    request.on("timeout", () => request.destroy(new Error("the yard does not answer")));
    request.on("error", reject);
    request.end(body);
  });
  return { status: response.statusCode, body: await buffer(response) };
}

/** In a context of its own: no message sees what another has left. It is no sandbox: whoever may send messages may run code here. */
async function evaluate(text) {
  try {
    const context = { Buffer, URL, console, fetch, process, setTimeout, require: createRequire(import.meta.url) };
    const value = await vm.runInNewContext(text, context, { filename: "message", timeout: longestEvaluationMs });
    if (value === undefined) return "";
    return typeof value === "string" || value instanceof Uint8Array ? value : inspect(value);
  } catch (error) {
    return error?.stack ?? String(error);
  }
}

for (;;) {
  try {
    const message = await call("GET");
    if (message.status === 200) {
      const reply = await call("PUT", Buffer.from(await evaluate(message.body.toString("utf8"))));
      if (reply.status !== 200) console.error(`the reply was not taken: ${reply.body}`);
    } else if (message.status === 412) {
      console.error("another process has taken the place of this one");
      process.exit(0);
    } else if (message.status !== 504) {
      console.error(`no message (${message.status}): ${message.body}`);
      await delay(retryDelayMs);
    }
  } catch {
    await delay(retryDelayMs); // the yard is being started or restarted
  }
}
