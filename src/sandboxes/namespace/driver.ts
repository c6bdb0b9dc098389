/** The driver `namespace`: sandboxes with a root file system, users, processes, network and host name of their own, made of the kernel's namespaces and
 *  control groups. They run on when the agent ends, and are taken back by the next one. */
import { existsSync, mkdirSync, realpathSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { YardError } from "../../platform/errors.ts";
import { closeInheritableOnExec } from "../../platform/process/descriptors.ts";
import { assertId } from "../processes/ids.ts";
import { openRecords, type RecordsOptions } from "../processes/open-records.ts";
import type { Availability, Capabilities, LocalSandboxDriver } from "../sandbox.ts";
import { findPrograms, findTool, type Programs } from "./availability.ts";
import { openInside } from "./inside.ts";
import { createRemovals } from "./removals.ts";
import { createNamespaceSandboxes, type HeldSandbox } from "./sandboxes.ts";
import { compileFilter } from "./seccomp.ts";
import type { Templates } from "./templates.ts";
import { tryRootFileSystem } from "./trial.ts";
import { openWorkshop, type WorkshopOptions } from "./workshop.ts";

export interface NamespaceDriver extends LocalSandboxDriver {
  /** Absent where the driver cannot be used. */
  readonly templates?: Templates;
}

export type NamespaceOptions = RecordsOptions & WorkshopOptions;

/** Opens the driver and takes back the sandboxes that an earlier one has left running; what is left of others is removed. A machine that cannot
 *  have it gets one that says why and refuses. Closing it lets go of the sandboxes and leaves them running. */
export async function openNamespaceDriver(options: NamespaceOptions): Promise<NamespaceDriver> {
  const { programs, availability } = await findPrograms();
  return programs ? openUsable(options, programs) : createRefusing(availability);
}

/** Of dead sandboxes, at a time, before who destroys one has to wait. */
const mostRemovals = 16;

async function openUsable(options: NamespaceOptions, programs: Programs): Promise<NamespaceDriver> {
  closeInheritableOnExec();
  await using opened = new AsyncDisposableStack();
  mkdirSync(join(options.directory, "sandboxes"), { recursive: true, mode: 0o700 });
  const directory = realpathSync(options.directory); // as the list of mounts names it
  const records = opened.use(openRecords(options));
  const filter = compileFilter();
  const filterPath = join(directory, "system-calls.bpf");
  writeFileSync(filterPath, filter, { mode: 0o600 });

  const held = new Map<string, HeldSandbox>();
  const isVacant = () => [...held.values()].every(({ home }) => !home.residence());
  const workshop = opened.use(await openWorkshop({ options, directory, records, programs, filterPath, isVacant }));
  const removals = opened.use(
    createRemovals({
      most: mostRemovals,
      onFailure: (error) => options.onNotice?.(`What is left of a sandbox was not removed yet: ${String(error)}.`),
    }),
  );
  const residenceOf = (id: string) => held.get(id)?.home.residence();
  const inside = opened.use(openInside({ directory, records, programs, filter, residenceOf }));
  const sandboxes = opened.use(createNamespaceSandboxes({ directory, records, workshop, inside, removals, held }));
  await sandboxes.recover();

  let tried: Promise<Availability> | undefined;
  const lifetime = opened.move();
  lifetime.defer(() => inside.processes.release());
  return {
    name: "namespace",
    can: capabilities({ hasOutbound: workshop.network.problem === undefined }),
    templates: workshop.templates,
    /** The kernel may still refuse what all programs are there for (in a container, by a policy): a creation tells. */
    async available() {
      const reason = sandboxes.lastFailure();
      if (reason !== undefined) return { usable: false, reason };
      tried ??= tryRootFileSystem(directory, workshop.users);
      return tried;
    },
    create(spec) {
      assertId(spec.id, "sandbox");
      return sandboxes.create(spec);
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

function capabilities({ hasOutbound }: { hasOutbound: boolean }): Capabilities {
  return {
    osUsers: false,
    limits: true,
    terminal: true,
    ownFiles: true,
    pause: "frozen",
    diskLimit:
      findTool("mkfs.ext4") !== undefined && findTool("mount") !== undefined && existsSync("/dev/loop-control"),
    templates: true,
    dial: true,
    inhabitants: true,
    networks: hasOutbound ? ["none", "outbound"] : ["none"],
  };
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
