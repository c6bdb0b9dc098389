/** What the list of a thousand applications costs: every definition, and what is known of every process.
 *
 *  Ours: `GET /appmesh/applications` with a Bearer token; each request reads the table, and shows only what the caller may see. Once with
 *  every application at rest, once with a hundred of them running, whose CPU and memory the agent reads once a second meanwhile.
 *  Peer: a bare Fastify handler in a process of its own, which returns the same array and serialises it at every request.
 *  Fair, because both are one Node process and Fastify, loaded in turn by the same autocannon, and put the same JSON on the wire. The load
 *  takes a core of its own; where there are few, the CPU time that each server spends on a request says more than the rate. */
import { compare } from "../harness/compare.ts";
import type { Bench, Figure } from "../harness/figure.ts";
import { httpSide } from "../harness/http-load.ts";
import { ask } from "../harness/messages.ts";
import { peer } from "../harness/paths.ts";
import { openYard, type Yard } from "../harness/yard.ts";
import type { FastifyReply } from "../peers/plain-fastify-server.ts";
import type { PlainAddress } from "../peers/plain-http-server.ts";

const secondsPerRound = 4;
const count = 1_000;
const running = 100;
const path = "/appmesh/applications";
const least = 0.6;

export const applicationList: Figure = {
  name: "application-list",
  title: `GET ${path} with ${count} applications`,
  async run(bench) {
    await using yard = await openYard(bench);
    await addApplications(yard, 0, count);
    const atRest = await compareLists(bench, yard, `${count} apps at rest`);
    await addApplications(yard, 1, running);
    return [...atRest, ...(await compareLists(bench, yard, `${count} apps, ${running} running`))];
  },
};

/** Like those that people define: a command, a description, some environment, rules for its end. */
async function addApplications(yard: Yard, status: 0 | 1, howMany: number): Promise<void> {
  for (let number = 0; number < howMany; number++) {
    await yard.call("PUT", `/appmesh/app/service-${number}`, {
      command: "sleep 86400",
      description: `Service number ${number} of the list`,
      env: { SERVICE_NUMBER: String(number), SERVICE_MODE: "production" },
      behavior: { exit: "restart", control: { "0": "standby" } },
      permission: 22,
      status,
    });
  }
}

async function compareLists(bench: Bench, yard: Yard, label: string) {
  await using plain = bench.children.start(process.execPath, [peer("plain-fastify-server.ts")], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const json = (await yard.call("GET", path)).body.toString();
  const { port } = await ask<PlainAddress>(plain, { path, json } satisfies FastifyReply, bench.signal);
  const { authorization } = yard;
  return await compare(bench, {
    metrics: {
      rate: { label, unit: "req/s", score: "ratio", aim: { at: "least", limit: least } },
      cpu: { label: `${label}: CPU of the server`, unit: "µs/req", score: "ratio" },
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
      "fastify",
      { pid: plain.pid, url: `http://127.0.0.1:${port}${path}`, authorization },
      secondsPerRound,
    ),
  });
}
