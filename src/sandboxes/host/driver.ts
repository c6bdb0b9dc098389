/** The driver `host`: sandboxes that share the host's files and users, so that a process in them is a plain process of the host. What a
 *  sandbox adds is that its processes are found, limited and ended together. */
import { YardError } from "../../platform/errors.ts";
import { openCgroup, openCgroups } from "../../platform/process/cgroups.ts";
import { closeInheritableOnExec } from "../../platform/process/descriptors.ts";
import { startChild } from "../processes/child.ts";
import { assertId } from "../processes/ids.ts";
import { createLifeWatch } from "../processes/life-watch.ts";
import { marksFor } from "../processes/marks.ts";
import { openRecords, type RecordsOptions } from "../processes/open-records.ts";
import { createProbes } from "../processes/probes.ts";
import { createProcesses, hasLimits } from "../processes/processes.ts";
import { keyOf } from "../processes/records.ts";
import { startInTerminal } from "../processes/terminal.ts";
import { createUsageMeter } from "../processes/usage.ts";
import type { Capabilities, LocalSandbox, LocalSandboxDriver, SandboxHandle } from "../sandbox.ts";
import { buildCommand, inCgroup, inheritedEnvironment } from "./command.ts";
import { createHostSandbox } from "./sandbox.ts";
import { createStragglerSweep } from "./straggler-sweep.ts";

export type HostDriverOptions = RecordsOptions;

export const hostSandboxId = "host";

/** A probe ends every second somewhere: what one leaves behind outside its process group, which is rare, waits a while for its sweep. */
const probeSweepMs = 30_000;

/** Opens the driver and takes back what an earlier one has left running. Closing it lets go of the processes and leaves them running. */
export async function openHostDriver(options: HostDriverOptions): Promise<LocalSandboxDriver> {
  const { directory } = options;
  closeInheritableOnExec();
  await using opened = new AsyncDisposableStack();
  const records = opened.use(openRecords(options));
  const { owner, state } = records;
  const cgroups = openCgroups();
  const inherited = inheritedEnvironment(process.env); // read once: reading it takes 90 µs
  const processes = createProcesses({
    directory,
    records,
    async prepare(key, spec) {
      const command = buildCommand(spec, { inherited, marks: marksFor(owner, key.sandbox, key.process) });
      return ({ logs, cgroup }) => {
        const placed = cgroup ? inCgroup(command, cgroup) : command;
        const { stdin, terminal: size } = spec;
        return size
          ? startInTerminal(placed, { size, output: logs.output })
          : startChild(placed, { stdin, logs, directory });
      };
    },
    groups: {
      make: (key, limits) => (hasLimits(limits) ? cgroups.create(`runyard-${owner}-${keyOf(key)}`, limits) : undefined),
      find: ({ cgroup }) => cgroup && openCgroup(cgroup),
    },
    lives: opened.use(createLifeWatch()),
    usage: createUsageMeter(),
    onEnded: () => sweep.request(),
  });
  const probes = opened.use(
    createProbes({
      start: (key, spec, logs) => {
        const command = buildCommand(spec, { inherited, marks: marksFor(owner, key.sandbox, key.process) });
        return startChild(command, { stdin: spec.stdin, logs, directory });
      },
      onEnded: () => sweep.request({ withinMs: probeSweepMs }),
    }),
  );
  const sweep = opened.use(
    createStragglerSweep({
      owner,
      isStraggler: (marked) => !processes.isRunning(marked) && !probes.isRunning(marked),
      isOwnChild: (pid) => processes.isLeader(pid) || probes.isLeader(pid),
    }),
  );
  processes.recover();
  sweep.request();

  const sandboxes = new Map<string, LocalSandbox>();
  const can: Capabilities = {
    osUsers: process.getuid?.() === 0,
    limits: cgroups.usable,
    terminal: true,
    ownFiles: false,
    pause: "none",
  };
  const add = (id: string): LocalSandbox => {
    const sandbox = createHostSandbox({
      id,
      processes,
      probes,
      isPermanent: id === hostSandboxId,
      onDestroy: async () => {
        await sweep.run();
        records.note({ type: "destroyed", sandbox: id });
        sandboxes.delete(id);
      },
    });
    sandboxes.set(id, sandbox);
    return sandbox;
  };
  for (const id of new Set([hostSandboxId, ...state.sandboxes.keys()])) add(id);

  const closing = opened.move();
  closing.defer(() => processes.release());
  return {
    name: "host",
    can,
    available: async () => ({ usable: true }),
    async create({ id, limits, template, network }) {
      assertId(id, "sandbox");
      if (template !== undefined || network !== undefined) {
        const field = template === undefined ? "network" : "template";
        throw new YardError("precondition", `The driver host has the host's own files and network, and no ${field}.`, {
          field,
        });
      }
      if (limits) {
        const message = "The driver host limits processes, not sandboxes: give the limits to each process.";
        throw new YardError("precondition", message, { field: "limits" });
      }
      const existing = sandboxes.get(id);
      if (existing) return existing;
      records.intend({ type: "sandbox", sandbox: id });
      return add(id);
    },
    async reattach(handle: SandboxHandle) {
      const sandbox = handle.driver === "host" ? sandboxes.get(handle.id) : undefined;
      if (!sandbox) throw new YardError("not_found", `Nothing is left of sandbox ${handle.id}.`);
      return sandbox;
    },
    sandboxes: async () => [...sandboxes.values()],
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  };
}
