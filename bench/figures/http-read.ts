/** What authentication, permissions, schemas and the database cost a read.
 *
 *  Ours: a GET with a Bearer token: the token verified (or found among the verified), the permission checked, the reply
 *  serialised by its schema; once without any query, once with one read of SQLite.
 *  Peer: a bare `node:http` handler in a process of its own that answers with the very same headers and body.
 *  Fair, because both are one Node process, loaded in turn by the same autocannon from another process, and put the same
 *  bytes on the wire. The load takes a core of its own; where there are few, or busy ones, it and not the server is the bottleneck
 *  (`busy` is then well below 1 core), and the rates come closer to one another than they are. So the same aim is judged
 *  by the CPU time that each server spends on a request, too: what a rate at a full core would be. */
import { compare } from "../harness/compare.ts";
import type { Bench, Figure } from "../harness/figure.ts";
import { httpSide } from "../harness/http-load.ts";
import { ask } from "../harness/messages.ts";
import { peer } from "../harness/paths.ts";
import { openYard, type Yard } from "../harness/yard.ts";
import type { PlainAddress, PlainReply } from "../peers/plain-http-server.ts";

const secondsPerRound = 4;
/** Headers that Node adds to any reply by itself. */
const addedByNode = new Set(["date", "connection", "keep-alive", "transfer-encoding"]);

const routes = [
  { label: "read without a query", path: "/yard/v1/self", least: 0.75 },
  { label: "read with one SQLite query", path: "/appmesh/app/read-me", least: 0.45 },
];

export const httpRead: Figure = {
  name: "http-read",
  title: "authenticated, permission-checked, schema-serialised read over HTTP",
  async run(bench) {
    await using yard = await openYard(bench);
    await yard.call("PUT", "/appmesh/app/read-me", { command: "/bin/true", status: 0 });
    const comparisons = [];
    for (const route of routes) comparisons.push(...(await compareRoute(bench, yard, route)));
    return comparisons;
  },
};

async function compareRoute(bench: Bench, yard: Yard, { label, path, least }: (typeof routes)[number]) {
  await using plain = bench.children.start(process.execPath, [peer("plain-http-server.ts")], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const { port } = await ask<PlainAddress>(plain, await replyOf(yard, path), bench.signal);
  const { authorization } = yard;
  return await compare(bench, {
    metrics: {
      rate: { label, unit: "req/s", score: "ratio", aim: { at: "least", limit: least } },
      cpu: {
        label: `${label}: CPU of the server`,
        unit: "µs/req",
        score: "ratio",
        aim: { at: "most", limit: 1 / least },
      },
      busy: { label: `${label}: busy`, unit: "cores", score: "ours" },
    },
    ours: httpSide(
      bench,
      "runyard",
      { pid: yard.serverPid, url: `${yard.url}${path}`, authorization },
      secondsPerRound,
    ),
    peer: httpSide(
      bench,
      "node:http",
      { pid: plain.pid, url: `http://127.0.0.1:${port}${path}`, authorization },
      secondsPerRound,
    ),
  });
}

async function replyOf(yard: Yard, path: string): Promise<PlainReply> {
  const { headers, body } = await yard.call("GET", path);
  const sent = Object.entries(headers).filter(([name]) => !addedByNode.has(name));
  return { headers: Object.fromEntries(sent.map(([name, value]) => [name, String(value)])), body: body.toString() };
}
