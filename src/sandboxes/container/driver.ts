/** The driver `container`: sandboxes that are containers of a Docker engine. They run on when the agent ends, and are taken back by the next one. Opening the
 *  driver asks the engine nothing: an agent without Docker, or with one that hangs, starts as any other. */
import { type Engine, openEngine } from "../../platform/docker/engine.ts";
import { assertId } from "../processes/ids.ts";
import { openRecords, type RecordsOptions } from "../processes/open-records.ts";
import type { Availability, Capabilities, LocalSandboxDriver, NetworkMode } from "../sandbox.ts";
import { createOutboundNetwork } from "./network.ts";
import { type ContainerPrograms, createContainerPrograms } from "./programs.ts";
import { createContainerSandboxes, notFound } from "./sandboxes.ts";
import { createTemplates, minimalTemplate } from "./templates.ts";
import { type Busybox, ensureTools, findBusybox, noBusybox } from "./tools.ts";

export interface ContainerDriverOptions extends RecordsOptions {
  /** Of the engine's socket; the first that is there. */
  readonly socketPaths: readonly string[];
}

const answerWithinMs = 2_000;
/** For so long an answer holds: everybody who asks how the host is asks this, too. */
const availabilityMs = 5_000;

export interface ContainerDriver extends LocalSandboxDriver {
  readonly programs: ContainerPrograms;
}

export async function openContainerDriver(options: ContainerDriverOptions): Promise<ContainerDriver> {
  await using opened = new AsyncDisposableStack();
  const records = opened.use(openRecords(options));
  const { owner } = records;
  const engine = opened.use(openEngine(options));
  const busybox = once(async (): Promise<Busybox> => (await findBusybox()) ?? Promise.reject(noBusybox()));
  const templates = createTemplates(engine, owner, busybox);
  const network = createOutboundNetwork(engine, owner);
  const networks: readonly NetworkMode[] = network.isPossible ? ["none", "outbound"] : ["none"];
  const tools = once(async () =>
    ensureTools(engine, await busybox(), (await templates.imageOf(minimalTemplate)).reference),
  );
  const { directory } = options;
  const sandboxes = createContainerSandboxes({ directory, records, engine, templates, network, networks, tools });
  sandboxes.recover();

  const lifetime = opened.move();
  lifetime.defer(() => sandboxes.release());
  return {
    name: "container",
    can: capabilities(networks),
    templates,
    programs: createContainerPrograms(engine, sandboxes),
    available: createAvailability(engine, busybox),
    async create(spec) {
      assertId(spec.id, "sandbox");
      return sandboxes.create(spec);
    },
    reattach: async ({ driver: name, id }) => (name === "container" ? sandboxes.reattach(id) : notFound(id)),
    sandboxes: async () => sandboxes.all(),
    [Symbol.asyncDispose]: () => lifetime.disposeAsync(),
  };
}

function capabilities(networks: readonly NetworkMode[]): Capabilities {
  return {
    osUsers: false,
    limits: true,
    processLimits: false,
    terminal: true,
    ownFiles: true,
    pause: "frozen",
    diskLimit: false,
    networks,
    templates: true,
    dial: true,
  };
}

function createAvailability(engine: Engine, busybox: () => Promise<Busybox>): () => Promise<Availability> {
  let lastAsked: { readonly at: number; readonly answer: Promise<Availability> } | undefined;
  async function ask(): Promise<Availability> {
    try {
      await engine.call("answer", (docker) => docker.ping(), { timeoutMs: answerWithinMs });
      await busybox();
      return { usable: true };
    } catch (error) {
      return { usable: false, reason: error instanceof Error ? error.message : String(error) };
    }
  }
  return () => {
    const now = performance.now();
    if (!lastAsked || now - lastAsked.at > availabilityMs) lastAsked = { at: now, answer: ask() };
    return lastAsked.answer;
  };
}

/** Does it once, unless it fails: then again at the next call. */
function once<T>(act: () => Promise<T>): (() => Promise<T>) & { forget(): void } {
  let result: Promise<T> | undefined;
  const get = () => {
    result ??= act().catch((error) => {
      result = undefined;
      throw error;
    });
    return result;
  };
  const forget = () => {
    result = undefined;
  };
  return Object.assign(get, { forget });
}
