/** The driver `microvm`: sandboxes that are virtual machines of QEMU, each with a kernel of its own. Pausing one writes its memory to a file and frees everything
 *  else; resuming it goes on where it was. They run on when the agent ends, and are taken back by the next one. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { YardError } from "../../platform/errors.ts";
import { minimalTemplate } from "../container/templates.ts";
import { findTool } from "../namespace/availability.ts";
import type { NetworkOptions } from "../namespace/network/network.ts";
import { assertId } from "../processes/ids.ts";
import type { RecordsOptions } from "../processes/open-records.ts";
import type { Availability, Capabilities, LocalSandboxDriver, Template } from "../sandbox.ts";
import { type Accelerator, findAccelerator } from "./accelerator.ts";
import type { Machines } from "./machines.ts";
import { findPrograms, type Programs } from "./programs.ts";

export interface MicrovmOptions extends RecordsOptions {
  /** Templates and golden images; in `directory` if absent. Only one driver may use it at a time. */
  readonly imagesDirectory?: string;
  /** The memory of a machine that is paused for so long is packed. */
  readonly packMemoryAfterMs?: number;
  /** That machines with a network ask; the host's own, if absent. */
  readonly nameServers?: NetworkOptions["nameServers"];
}

/** A host that cannot have it gets one that says why and refuses. Closing it lets go of the machines and leaves them running. */
export async function openMicrovmDriver(options: MicrovmOptions): Promise<LocalSandboxDriver> {
  const { programs, availability } = findPrograms();
  return programs ? openUsable(options, programs) : createRefusing(availability);
}

async function openUsable(options: MicrovmOptions, programs: Programs): Promise<LocalSandboxDriver> {
  let opening: Promise<Machines> | undefined;
  let found: Promise<Accelerator> | undefined;
  const accelerator = (): Promise<Accelerator> => {
    found ??= findAccelerator(programs.qemu);
    return found;
  };
  const machines = (): Promise<Machines> => {
    opening ??= import("./machines.ts")
      .then(({ openMachines }) => openMachines(options, programs, accelerator))
      .catch((error) => {
        opening = undefined;
        throw error;
      });
    return opening;
  };
  // Until somebody asks for a machine nothing is opened: an agent without any need not wait for that, nor hold it in memory. Then there are no templates, either.
  const wasUsed = existsSync(join(options.directory, "journal.ndjson"));
  if (wasUsed) await machines();
  return {
    name: "microvm",
    can: capabilities({ hasOutbound: findTool("nft") !== undefined }),
    templates: {
      list: async () => (opening ? (await opening).templates.list() : [builtIn]),
      import: async (name, archive) => (await machines()).templates.import(name, archive),
      prepare: async (name, limits) => (await machines()).sandboxes.prepare(name, limits),
      remove: async (name) => (await machines()).templates.remove(name),
    },
    arrivals: {
      list: async () => (await opening)?.sandboxes.arrivals.list() ?? [],
      begin: async (image) => (await machines()).sandboxes.arrivals.begin(image),
      put: async (...args) => (await machines()).sandboxes.arrivals.put(...args),
      complete: async (image) => (await machines()).sandboxes.arrivals.complete(image),
      abandon: async (id) => (await opening)?.sandboxes.arrivals.abandon(id),
    },
    available: async () => ((await accelerator()) === "kvm" ? { usable: true } : { usable: true, isEmulated: true }),
    async create(spec) {
      assertId(spec.id, "sandbox");
      return (await machines()).sandboxes.create(spec);
    },
    async reattach({ driver: name, id }) {
      const sandbox = name === "microvm" ? (await opening)?.sandboxes.find(id) : undefined;
      if (!sandbox) throw new YardError("not_found", `Nothing is left of sandbox ${id}.`);
      return sandbox;
    },
    sandboxes: async () => (await opening)?.sandboxes.all() ?? [],
    [Symbol.asyncDispose]: async () => (await opening)?.[Symbol.asyncDispose](),
  };
}

const builtIn: Template = { name: minimalTemplate, sizeBytes: 0, createdAt: 0 };

function capabilities({ hasOutbound }: { hasOutbound: boolean }): Capabilities {
  return {
    osUsers: false,
    limits: true,
    processLimits: false,
    terminal: true,
    ownFiles: true,
    pause: "saved",
    diskLimit: true,
    templates: true,
    dial: true,
    moves: true,
    networks: hasOutbound ? ["none", "outbound"] : ["none"],
  };
}

function createRefusing(availability: Availability): LocalSandboxDriver {
  const { reason, fix } = availability.usable ? { reason: "", fix: undefined } : availability;
  return {
    name: "microvm",
    can: { osUsers: false, limits: false, terminal: false, ownFiles: true, pause: "none" },
    available: async () => availability,
    create: async () => {
      throw new YardError("precondition", `This host has no virtual machines: ${reason}. ${fix ?? ""}`.trimEnd());
    },
    reattach: async ({ id }) => {
      throw new YardError("not_found", `Nothing is left of sandbox ${id}.`);
    },
    sandboxes: async () => [],
    [Symbol.asyncDispose]: async () => {},
  };
}
