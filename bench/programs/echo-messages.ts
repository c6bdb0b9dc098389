/** An app that replies to every message with what it says: the least that a worker can be, over one kept-alive connection. */
import { readFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { setTimeout as delay } from "node:timers/promises";

const {
  APP_MESH_APPLICATION_NAME: name,
  APP_MESH_PROCESS_KEY: key,
  RUNYARD_ADDRESS_FILE: addressFile = "",
} = process.env;
const agent = new Agent({ keepAlive: true, maxSockets: 1 });

/** Read until it is there: the yard writes it when it listens. */
async function taskUrl(): Promise<string> {
  for (;;) {
    try {
      const { url }: { url: string } = JSON.parse(readFileSync(addressFile, "utf8"));
      return `${url}/appmesh/app/${name}/task?process_key=${key}`;
    } catch {
      await delay(20);
    }
  }
}

function call(url: string, method: "GET" | "PUT", body?: Buffer): Promise<{ status: number; body: Buffer }> {
  return new Promise((resolve, reject) => {
    const headers = body && { "content-length": body.length };
    const outgoing = request(url, { method, agent, headers }, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
      incoming.once("end", () => resolve({ status: incoming.statusCode ?? 0, body: Buffer.concat(chunks) }));
      incoming.once("error", reject);
    });
    outgoing.once("error", reject);
    outgoing.end(body);
  });
}

const url = await taskUrl();
for (;;) {
  const message = await call(url, "GET");
  if (message.status === 200) await call(url, "PUT", message.body);
}
