/** Starts processes, and probes, inside the driver's sandboxes. */
import { YardError } from "../../platform/errors.ts";
import { readInnermostPid } from "../../platform/process/procfs.ts";
import { createLifeWatch } from "../processes/life-watch.ts";
import { marksFor } from "../processes/marks.ts";
import type { Records } from "../processes/open-records.ts";
import { createProbes, type Probes } from "../processes/probes.ts";
import { createProcesses, type Processes } from "../processes/processes.ts";
import type { ProcessKey } from "../processes/records.ts";
import { createUsageMeter } from "../processes/usage.ts";
import type { ProcessSpec } from "../sandbox.ts";
import type { Programs } from "./availability.ts";
import { createGroups } from "./groups.ts";
import { buildInside, startInside } from "./launch.ts";
import { type Nursery, openNursery } from "./nursery.ts";
import { asRecord } from "./records.ts";
import type { Residence } from "./residence.ts";

export interface Inside extends AsyncDisposable {
  readonly processes: Processes;
  readonly probes: Probes;
}

export interface InsideParts {
  readonly directory: string;
  readonly records: Records;
  readonly programs: Programs;
  /** Of system calls. */
  readonly filter: Buffer;
  readonly residenceOf: (sandbox: string) => Residence | undefined;
}

export function openInside(parts: InsideParts): Inside {
  const { directory, records, programs, filter, residenceOf } = parts;
  const { owner, state } = records;
  const opened = new AsyncDisposableStack();
  const closing = opened.use(new AsyncDisposableStack());
  let nursery: Nursery | undefined; // a thread costs some megabytes: not before it is needed
  const requireNursery = () => {
    nursery ??= closing.use(openNursery(filter));
    return nursery;
  };

  /** @throws {YardError} invalid, not_found */
  function commandOf(key: ProcessKey, spec: ProcessSpec) {
    const residence = residenceOf(key.sandbox);
    if (!residence) throw new YardError("not_found", `Nothing is left of sandbox ${key.sandbox}.`);
    if (spec.limits?.diskBytes !== undefined) {
      const message = "A disk limit is the sandbox's, not a process'.";
      throw new YardError("precondition", message, { field: "limits.diskBytes" });
    }
    const { realm, groups } = residence;
    const command = buildInside(spec, realm, marksFor(owner, key.sandbox, key.process));
    const rootId = asRecord(state.sandboxes.get(key.sandbox))?.rootId ?? 0;
    const { nsenter } = programs;
    return { command, groups, parts: { spec, realm, nursery: requireNursery(), nsenter, rootId, directory } };
  }

  const processes = createProcesses({
    directory,
    records,
    async prepare(key, spec) {
      const { command, groups, parts } = commandOf(key, spec);
      return ({ logs, cgroup = groups.main }) => startInside(command, { ...parts, cgroup, logs });
    },
    groups: createGroups((id) => residenceOf(id)?.groups),
    lives: opened.use(createLifeWatch()),
    usage: createUsageMeter(),
    numberInside: readInnermostPid,
    onEnded: () => {},
  });
  const probes = opened.use(
    createProbes({
      start: async (key, spec, logs) => {
        const { command, groups, parts } = commandOf(key, spec);
        return startInside(command, { ...parts, cgroup: groups.main, logs });
      },
      onEnded: () => {},
    }),
  );
  return { processes, probes, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}
