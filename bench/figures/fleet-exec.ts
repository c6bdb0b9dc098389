/** How long a command takes in a container that runs, on a terminal, from the first request until all it has shown is there and its end is known.
 *
 *  Ours: one WebSocket, opened with a token in its header: authenticated, permission-checked, audited, re-checked while it lasts.
 *  Peer: the Engine API's two requests, made by hand over its socket: `exec` on a connection that stays open, then `start`, whose connection becomes the
 *  terminal. Both clients are this process, and both check what the command has said. */
import { once } from "node:events";
import { request } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocket } from "ws";
import { compare } from "../harness/compare.ts";
import type { Bench, Figure } from "../harness/figure.ts";
import { dockmesh, engineApi, type FleetBench, openFleetBench } from "../harness/fleet.ts";
import { timesOf } from "../harness/load.ts";
import { cpuSecondsOf } from "../harness/processes.ts";
import { median } from "../harness/statistics.ts";
import type { Yard } from "../harness/yard.ts";

const runsPerRound = 20;
const command = ["busybox", "echo", "done"];
const expected = "done\r\n";

export const fleetExec: Figure = {
  name: "fleet-exec",
  title: "a command in a running container",
  async run(bench) {
    await using fleet = await openFleetBench(bench);
    const { yard, docker } = fleet;
    const id = await fleet.create("runs", ["sleep", "1000000"]);
    await fleet.start(id);
    const measure = (pids: readonly number[], once: () => Promise<void>) => async () => {
      const before = cpuSecondsOf(pids);
      const time = median(await timesOf(runsPerRound, once));
      return { time, cpu: ((cpuSecondsOf(pids) - before) / runsPerRound) * 1e3 };
    };
    return await compare(bench, {
      metrics: {
        time: { label: "exec", unit: "ms", score: "ratio", aim: { at: "most", limit: 1.05 } },
        cpu: { label: "the same, CPU of yard and engine", unit: "ms", score: "ratio" },
      },
      ours: {
        name: "runyard",
        pids: () => [yard.serverPid, yard.agentPid],
        measure: measure([yard.serverPid, docker.enginePid], () => execOfYard(bench, yard, id)),
      },
      peer: {
        name: "engine",
        pids: () => [docker.enginePid],
        measure: measure([docker.enginePid], () => execOfEngine(bench, fleet, id)),
      },
    });
  },
};

async function execOfYard({ signal }: Bench, { url, authorization }: Yard, id: string): Promise<void> {
  const path = `${dockmesh}/ws/exec/${id}?cmd=${encodeURIComponent(command.join(" "))}`;
  const socket = new WebSocket(`${url.replace("http", "ws")}${path}`, { headers: { authorization } });
  let said = "";
  socket.on("message", (data) => {
    said += String(data);
  });
  const [code] = await once(socket, "close", { signal });
  if (code !== 1000 || said !== expected) throw new Error(`the exec was closed with ${code} after "${said}"`);
}

async function execOfEngine({ signal }: Bench, { engine, docker }: FleetBench, id: string): Promise<void> {
  const wanted = { AttachStdin: true, AttachStdout: true, AttachStderr: true, Tty: true, Cmd: command };
  const path = `${engineApi}/containers/${id}/exec`;
  const made: { Id: string } = JSON.parse((await engine.call({ method: "POST", path, body: wanted })).body.toString());
  const outgoing = request({
    socketPath: docker.socketPath,
    path: `${engineApi}/exec/${made.Id}/start`,
    method: "POST",
    headers: { "content-type": "application/json", connection: "Upgrade", upgrade: "tcp" },
    signal,
  });
  outgoing.end(JSON.stringify({ Detach: false, Tty: true }));
  const [, terminal, head]: [unknown, Duplex, Buffer] = (await once(outgoing, "upgrade")) as [unknown, Duplex, Buffer];
  let said = String(head);
  for await (const bytes of terminal) said += String(bytes);
  if (said !== expected) throw new Error(`the engine's exec has said "${said}"`);
}
