/** What becomes of somebody who follows a container that prints at full speed.
 *
 *  The container prints lines of 64 bytes as fast as the engine takes them. Ours: a WebSocket, a message of text for each line, with its time before it. Peer:
 *  `docker logs -f` to a file. Both follow a container of their own from its first line to its end; counted are the lines that have arrived, over the time from
 *  the request until then. On a busy machine an engine sometimes tells its followers of the end before the last lines, the peer as often as ours: how much
 *  arrives is reported.
 *  Meanwhile the memory of the yard is sampled: it is to be flat. */
import { once } from "node:events";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { WebSocket } from "ws";
import { compare } from "../harness/compare.ts";
import type { Bench, Figure } from "../harness/figure.ts";
import { dockmesh, engineApi, type FleetBench, openFleetBench } from "../harness/fleet.ts";
import { memoryGrowthMetrics, watchMemory } from "../harness/memory-growth.ts";
import { openTemporaryDirectory } from "../harness/temporary.ts";

const MiB = 1024 * 1024;
const printedBytes = 16 * MiB;
const line = "a line of the log of a container, printed as fast as it is read";
const lines = printedBytes / (line.length + 1);

export const fleetLogs: Figure = {
  name: "fleet-logs",
  title: `a container printing ${printedBytes / MiB} MiB at full speed, and somebody following`,
  async run(bench) {
    await using directory = await openTemporaryDirectory(bench, "logs");
    await using fleet = await openFleetBench(bench);
    const { yard } = fleet;
    return await compare(bench, {
      metrics: {
        rate: { label: "followed to the end", unit: "MiB/s", score: "ratio", aim: { at: "least", limit: 0.5 } },
        arrived: { label: "of the lines, arrived", unit: "%", score: "ratio" },
        ...memoryGrowthMetrics,
      },
      ours: {
        name: "runyard",
        pids: () => [yard.serverPid, yard.agentPid],
        measure: () => watchMemory([yard.serverPid], () => follow(fleet, (id) => followByYard(bench, fleet, id))),
      },
      peer: {
        name: "docker logs -f",
        pids: () => [],
        measure: () => follow(fleet, (id) => followByDocker(bench, fleet, id, join(directory.path, "log"))),
      },
    });
  },
};

/** @param toTheEnd resolves with the lines that it has seen by then */
async function follow(fleet: FleetBench, toTheEnd: (id: string) => Promise<number>) {
  const id = await fleet.create("printer", ["sh", "-c", `busybox yes '${line}' | busybox head -n ${lines}`]);
  await fleet.start(id);
  const began = performance.now();
  const seen = await toTheEnd(id);
  const seconds = (performance.now() - began) / 1_000;
  await fleet.engine.call({ method: "DELETE", path: `${engineApi}/containers/${id}?force=1` });
  return { rate: (seen * (line.length + 1)) / MiB / seconds, arrived: (seen / lines) * 100 };
}

async function followByYard({ signal }: Bench, { yard }: FleetBench, id: string): Promise<number> {
  const { url, authorization } = yard;
  const socket = new WebSocket(`${url.replace("http", "ws")}${dockmesh}/ws/logs/${id}?tail=all`, {
    headers: { authorization },
    skipUTF8Validation: true, // `docker` does not look either
  });
  let seen = 0;
  socket.on("message", () => {
    seen++;
  });
  const [code] = await once(socket, "close", { signal });
  if (code !== 1000) throw new Error(`the log was closed with ${code}`);
  return seen;
}

async function followByDocker(bench: Bench, { docker }: FleetBench, id: string, path: string): Promise<number> {
  await using file = await open(path, "w+");
  await using client = bench.children.start("docker", ["logs", "-f", id], {
    stdio: ["ignore", file.fd, "inherit"],
    env: { PATH: process.env.PATH, ...docker.env },
  });
  const [code] = await once(client.process, "exit", { signal: bench.signal });
  if (code !== 0) throw new Error(`docker logs ended with ${code}`);
  return (await file.stat()).size / (line.length + 1);
}
