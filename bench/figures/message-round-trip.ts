/** How long a message to a running app and its reply take.
 *
 *  Ours: `POST /appmesh/app/{name}/task` over a kept-alive connection, from the request to the last byte of the reply: authenticated,
 *  checked, audited, handed to the app's process (the answer to a fetch that waits), replied to by it (a request of its own), and that
 *  carried back. The app is a Node program that replies at once.
 *  Peer: two requests, one after the other, to a bare `node:http` server in a process of its own, that answers with the same bytes.
 *  Fair, because two round trips are the least that a message over HTTP can cost: one of the sender, one of the app. What is ours is
 *  who they are, whether they may, and the waiting of one for the other. */
import { compare } from "../harness/compare.ts";
import type { Figure } from "../harness/figure.ts";
import { timesOf } from "../harness/load.ts";
import { program } from "../harness/paths.ts";
import { openPlainHttp } from "../harness/plain-http.ts";
import { median } from "../harness/statistics.ts";
import { openYard, type Yard } from "../harness/yard.ts";
import type { PlainReply } from "../peers/plain-http-server.ts";

const messagesPerRound = 500;
const text = "a message of some forty bytes, all in all";

export const messageRoundTrip: Figure = {
  name: "message-round-trip",
  title: "a message to a running app, and its reply, over HTTP",
  async run(bench) {
    await using yard = await openYard(bench);
    await using plain = await openPlainHttp(bench, await replyOf(yard));
    const ask = () => plain.call(text);
    const limit = 1.5;
    return await compare(bench, {
      metrics: {
        time: { label: "message and reply", unit: "ms", score: "ratio", aim: { at: "most", limit } },
      },
      ours: {
        name: "runyard",
        pids: () => [yard.serverPid],
        measure: async () => ({ time: median(await timesOf(messagesPerRound, () => send(yard))) }),
      },
      peer: {
        name: "two requests",
        pids: () => [plain.pid],
        measure: async () => ({ time: median(await timesOf(messagesPerRound, () => ask().then(ask))) }),
      },
    });
  },
};

function send(yard: Yard) {
  return yard.call("POST", "/appmesh/app/echo/task?timeout=30", text);
}

/** Starts the app, and returns its first reply: what the peer answers with. */
async function replyOf(yard: Yard): Promise<PlainReply> {
  await yard.call("PUT", "/appmesh/app/echo", { command: `${process.execPath} ${program("echo-messages.ts")}` });
  const { body, headers } = await send(yard);
  return { headers: { "content-type": String(headers["content-type"]) }, body: body.toString() };
}
