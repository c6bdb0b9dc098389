/** The driver `namespace`: sandboxes with a root file system, users, processes, network and host name of their own, made of the kernel's namespaces and
 *  control groups. They run on when the agent ends, and are taken back by the next one. */
import { existsSync, mkdirSync, readdirSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isYardError, YardError } from "../../platform/errors.ts";
import { closeInheritableOnExec } from "../../platform/process/descriptors.ts";
import { assertId } from "../processes/ids.ts";
import { createLifeWatch } from "../processes/life-watch.ts";
import { marksFor } from "../processes/marks.ts";
import { openRecords, type RecordsOptions } from "../processes/open-records.ts";
import { createProbes } from "../processes/probes.ts";
import { createProcesses } from "../processes/processes.ts";
import { keyOf, type ProcessKey } from "../processes/records.ts";
import { createUsageMeter } from "../processes/usage.ts";
import type {
  Availability,
  Capabilities,
  Limits,
  LocalSandbox,
  LocalSandboxDriver,
  ProcessSpec,
  SandboxSpec,
} from "../sandbox.ts";
import { findPrograms, findTool, type Programs } from "./availability.ts";
import { createSandboxFiles } from "./files.ts";
import { createGroups } from "./groups.ts";
import { buildInside, startInside } from "./launch.ts";
import { type Nursery, openNursery } from "./nursery.ts";
import { asData, asRecord, type NamespaceRecord } from "./records.ts";
import { clearResidence, findResidence, makeResidence, type Residence } from "./residence.ts";
import { createNamespaceSandbox } from "./sandbox.ts";
import { compileFilter } from "./seccomp.ts";
import { minimalTemplate, openTemplates, type Templates } from "./templates.ts";
import { openUserNamespaces, type UserNamespaces } from "./user-namespaces.ts";

export interface NamespaceDriver extends LocalSandboxDriver {
  /** Absent where the driver cannot be used. */
  readonly templates?: Templates;
}

/** Opens the driver and takes back the sandboxes that an earlier one has left running; what is left of others is removed. A machine that cannot
 *  have it gets one that says why and refuses. Closing it lets go of the sandboxes and leaves them running. */
export async function openNamespaceDriver(options: RecordsOptions): Promise<NamespaceDriver> {
  const { programs, availability } = await findPrograms();
  return programs ? openUsable(options, programs) : createRefusing(availability);
}

/** Of root file systems, for as long as the machine is up. */
const runtimeDirectory = "/run/runyard";

async function openUsable(options: RecordsOptions, programs: Programs): Promise<NamespaceDriver> {
  closeInheritableOnExec();
  await using opened = new AsyncDisposableStack();
  mkdirSync(join(options.directory, "sandboxes"), { recursive: true, mode: 0o700 });
  const directory = realpathSync(options.directory); // as the list of mounts names it
  const { owner, state, journal, keeper } = opened.use(openRecords(options));
  const filter = compileFilter();
  const filterPath = join(directory, "system-calls.bpf");
  writeFileSync(filterPath, filter, { mode: 0o600 });
  const closing = opened.use(new AsyncDisposableStack());
  let nursery: Nursery | undefined; // a thread costs some megabytes: not before it is needed
  const requireNursery = () => {
    nursery ??= closing.use(openNursery(filter));
    return nursery;
  };

  const held = new Map<string, { residence: Residence; sandbox: LocalSandbox }>();
  const making = new Map<string, Promise<LocalSandbox>>();
  const placeOf = (id: string) => ({
    directory: join(directory, "sandboxes", `sandbox-${id}`),
    rootPath: join(runtimeDirectory, owner, `sandbox-${id}`),
  });
  const groupOf = (id: string) => `runyard-${owner}-${id}`;
  const isInUse = (tree: string) =>
    [...state.sandboxes.values()].some((data) => asRecord(data)?.layers.some(({ from }) => from === tree));
  const templates = openTemplates(join(directory, "templates"), isInUse);

  let users: Promise<UserNamespaces> | undefined;
  const requireUsers = () => {
    users ??= openUserNamespaces();
    return users;
  };

  function record(id: string, changes: NamespaceRecord, write: "intend" | "note"): void {
    const entry = { type: "sandbox", sandbox: id, data: asData(changes) } as const;
    journal[write](entry);
    state.apply(entry);
  }

  /** @throws {YardError} invalid, not_found */
  function commandOf(key: ProcessKey, spec: ProcessSpec) {
    const residence = held.get(key.sandbox)?.residence;
    if (!residence) throw new YardError("not_found", `Nothing is left of sandbox ${key.sandbox}.`);
    if (spec.limits?.diskBytes !== undefined) {
      throw new YardError("precondition", "A disk limit is the sandbox's, not a process'.", {
        field: "limits.diskBytes",
      });
    }
    const { realm, groups } = residence;
    const command = buildInside(spec, realm, marksFor(owner, key.sandbox, key.process));
    const rootId = asRecord(state.sandboxes.get(key.sandbox))?.rootId ?? 0;
    return {
      command,
      groups,
      parts: { spec, realm, nursery: requireNursery(), nsenter: programs.nsenter, rootId, directory },
    };
  }

  const processes = createProcesses({
    directory,
    owner,
    state,
    journal,
    keeper,
    async prepare(key, spec) {
      const { command, groups, parts } = commandOf(key, spec);
      return ({ output, cgroup = groups.main }) => startInside(command, { ...parts, cgroup, output });
    },
    groups: createGroups((id) => held.get(id)?.residence.groups),
    lives: opened.use(createLifeWatch()),
    usage: createUsageMeter(),
    onEnded: () => {},
  });
  const probes = opened.use(
    createProbes({
      start: async (key, spec, output) => {
        const { command, groups, parts } = commandOf(key, spec);
        return startInside(command, { ...parts, cgroup: groups.main, output });
      },
      onEnded: () => {},
    }),
  );

  function add(id: string, residence: Residence, kept: NamespaceRecord): LocalSandbox {
    const { realm, groups, system } = residence;
    const sandbox = createNamespaceSandbox({
      id,
      realm,
      groups,
      system,
      files: createSandboxFiles({ root: realm.root, rootId: kept.rootId }),
      processes,
      probe: (spec, options) => probes.run(id, spec, options),
      isPaused: kept.isPaused,
      onPaused: (isPaused) => record(id, { ...kept, isPaused }, "note"),
      async onDestroy() {
        await residence.remove();
        forgetSandbox(id);
      },
    });
    held.set(id, { residence, sandbox });
    return sandbox;
  }

  function forgetSandbox(id: string): void {
    for (const one of state.processes.values()) {
      if (one.sandbox === id) rmSync(join(directory, "output", `${keyOf(one)}.log`), { force: true });
    }
    const entry = { type: "destroyed", sandbox: id } as const;
    state.apply(entry);
    journal.note(entry);
    held.delete(id);
  }

  async function make({ id, limits = {}, template = minimalTemplate }: SandboxSpec): Promise<LocalSandbox> {
    const layers = templates.layersOf(template);
    const { diskBytes, ...groupLimits } = limits;
    const users = await requireUsers();
    const intended: NamespaceRecord = { layers, rootId: users.rootId, isPaused: false };
    record(id, intended, "intend");
    try {
      const residence = await makeResidence({
        name: groupOf(id),
        hostname: hostnameOf(id),
        ...placeOf(id),
        layers,
        limits: groupLimits,
        diskBytes,
        users,
        filterPath,
        sharedMemoryBytes: sharedMemoryOf(limits),
        marks: marksFor(owner, id, "init"),
        programs,
      });
      const kept = { ...intended, started: residence.started };
      record(id, kept, "note");
      lastFailure = undefined;
      return add(id, residence, kept);
    } catch (error) {
      forgetSandbox(id);
      if (isYardError(error, "unavailable")) lastFailure = error.message;
      throw error;
    }
  }

  async function recover(): Promise<void> {
    for (const [id, data] of [...state.sandboxes]) {
      const kept = asRecord(data);
      const residence = kept && findResidence(placeOf(id), kept);
      if (kept && residence) add(id, residence, kept);
      else forgetSandbox(id);
    }
    for (const name of readdirSync(join(directory, "sandboxes"))) {
      const id = name.replace(/^sandbox-/, "");
      if (!held.has(id)) await clearResidence(placeOf(id), groupOf(id));
    }
    processes.recover();
  }
  await recover();

  let lastFailure: string | undefined;
  const lifetime = opened.move();
  lifetime.defer(async () => {
    processes.release();
    for (const { residence } of held.values()) residence.release();
    (await users?.catch(() => undefined))?.[Symbol.dispose]();
  });
  return {
    name: "namespace",
    can: capabilities(),
    templates,
    /** The kernel may still refuse what all programs are there for (in a container, by a policy): the first creation tells. */
    available: async () => (lastFailure === undefined ? { usable: true } : { usable: false, reason: lastFailure }),
    create(spec) {
      assertId(spec.id, "sandbox");
      const existing = held.get(spec.id)?.sandbox;
      if (existing) return Promise.resolve(existing);
      const made = making.get(spec.id) ?? make(spec).finally(() => making.delete(spec.id));
      making.set(spec.id, made);
      return made;
    },
    async reattach({ driver: name, id }) {
      const sandbox = name === "namespace" ? held.get(id)?.sandbox : undefined;
      if (!sandbox) throw new YardError("not_found", `Nothing is left of sandbox ${id}.`);
      return sandbox;
    },
    sandboxes: async () => [...held.values()].map(({ sandbox }) => sandbox),
    [Symbol.asyncDispose]: () => lifetime.disposeAsync(),
  };
}

function capabilities(): Capabilities {
  return {
    osUsers: false,
    limits: true,
    terminal: true,
    ownFiles: true,
    pause: "frozen",
    diskLimit:
      findTool("mkfs.ext4") !== undefined && findTool("mount") !== undefined && existsSync("/dev/loop-control"),
    networks: ["none"],
  };
}

const mostSharedMemoryBytes = 64 * 1024 * 1024;

/** It counts as memory until it is removed: it must leave room for whoever removes it. */
function sharedMemoryOf({ memoryBytes = Number.POSITIVE_INFINITY }: Limits): number {
  return Math.floor(Math.min(mostSharedMemoryBytes, memoryBytes / 4));
}

/** Letters, digits and hyphens, as host names are. */
function hostnameOf(id: string): string {
  return id.replace(/[^A-Za-z0-9-]/g, "-").slice(0, 63);
}

function createRefusing(availability: Availability): NamespaceDriver {
  const { reason, fix } = availability.usable ? { reason: "", fix: undefined } : availability;
  return {
    name: "namespace",
    can: { osUsers: false, limits: false, terminal: false, ownFiles: true, pause: "none" },
    available: async () => availability,
    create: async () => {
      throw new YardError("precondition", `This host has no namespace sandboxes: ${reason}. ${fix ?? ""}`.trimEnd());
    },
    reattach: async ({ id }) => {
      throw new YardError("not_found", `Nothing is left of sandbox ${id}.`);
    },
    sandboxes: async () => [],
    [Symbol.asyncDispose]: async () => {},
  };
}
