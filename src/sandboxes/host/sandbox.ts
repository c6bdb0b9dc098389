/** One sandbox of the driver `host`: a set of processes under one name. */
import { YardError } from "../../platform/errors.ts";
import type { Probes } from "../processes/probes.ts";
import type { Processes } from "../processes/processes.ts";
import type { LocalSandbox } from "../sandbox.ts";

export function createHostSandbox(parts: {
  id: string;
  processes: Processes;
  probes: Probes;
  /** The host itself is always there. */
  isPermanent: boolean;
  /** All its processes are gone. */
  onDestroy: () => Promise<void>;
}): LocalSandbox {
  const { id, processes, probes } = parts;
  let isDestroyed = false;
  return {
    handle: { driver: "host", version: 1, id },
    status: () => (isDestroyed ? "gone" : "running"),
    async exec(spec) {
      if (isDestroyed) throw new YardError("not_found", `Sandbox ${id} was destroyed.`);
      return processes.exec(id, spec);
    },
    async probe(spec, options) {
      if (isDestroyed) throw new YardError("not_found", `Sandbox ${id} was destroyed.`);
      return probes.run(id, spec, options);
    },
    processes: async () => processes.of(id),
    forget: (process) => processes.forget({ sandbox: id, process }),
    async destroy({ graceMs = 0 } = {}) {
      if (parts.isPermanent)
        throw new YardError("precondition", `Sandbox ${id} is the host itself: it cannot be destroyed.`);
      isDestroyed = true;
      await Promise.all(processes.of(id).map((process) => process.stop({ graceMs })));
      await Promise.all(processes.of(id).map((process) => processes.forget({ sandbox: id, process: process.id })));
      await parts.onDestroy();
    },
  };
}
