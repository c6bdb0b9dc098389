/** Runs: temporary apps, each one process that starts once. A run is a unit of the agent and nothing else, with all that there is to know in
 *  its meta: so it costs no database write, and a restarted control plane finds it again. */
import type { RunStatus, UnitSpec, UnitStatus } from "../agent/protocol.ts";
import type { Units } from "../hosts/host.ts";
import { YardError } from "../platform/errors.ts";
import { newId } from "../platform/ids.ts";
import type { WithName } from "../platform/name-lock.ts";
import type { Exit } from "../sandboxes/sandbox.ts";
import type { AppDefinition } from "./app.ts";
import type { Background } from "./background.ts";
import type { Catalog } from "./catalog.ts";
import { sealDefinition } from "./definition.ts";
import { checkDefinition } from "./definition-check.ts";
import { noExitRules } from "./exit-rules.ts";
import type { Mirror, MirroredUnit } from "./mirror.ts";
import { checkName, copyName, generateName } from "./names.ts";
import type { Actor, OwnerDirectory, RunVariables, SecretBox } from "./parts.ts";
import { hasEnded, withoutSecret } from "./runtime.ts";
import type { AppStore } from "./store.ts";
import { unitSpecOf } from "./unit-spec.ts";

export type RunRequest =
  /** A new command, under a name of its own or a generated one. */
  | { readonly name?: string; readonly definition: AppDefinition }
  /** An existing app's definition with parts of it replaced, named `<app>_<n>`. */
  | { readonly copyOf: string; readonly replace?: Partial<AppDefinition> };

export interface RunLimits {
  /** The process is killed after this long. */
  readonly timeoutMs?: number;
  /** The run and its output are removed after this long. */
  readonly lifetimeMs?: number;
}

export interface SyncRunResult {
  readonly name: string;
  readonly run: RunStatus;
  readonly exit: Exit;
  /** Its first 3 MiB. */
  readonly output: Buffer;
  /** Position after the last byte of `output`. */
  readonly next: number;
}

export interface RunParts {
  readonly units: Units;
  readonly store: AppStore;
  readonly catalog: Catalog;
  readonly mirror: Mirror;
  readonly owners: OwnerDirectory;
  readonly secrets: SecretBox;
  readonly withName: WithName;
  readonly background: Background;
  readonly variables?: RunVariables;
}

interface Chosen extends Disposable {
  readonly name: string;
  readonly definition: AppDefinition;
}

const syncOutputBytes = 3 * 1024 * 1024;
const mostCopies = 10_000;

export function createRuns(parts: RunParts) {
  const { units, store, catalog, mirror, owners, secrets, withName, background, variables } = parts;
  /** Names of runs that are about to be units. */
  const held = new Set<string>();
  /** Units whose end a caller of ours waits for. */
  const awaited = new Set<string>();

  async function isFree(name: string): Promise<boolean> {
    return !held.has(name) && !mirror.named(name) && !(await store.isTaken(name));
  }

  function hold(name: string, definition: AppDefinition): Chosen {
    held.add(name);
    return { name, definition, [Symbol.dispose]: () => void held.delete(name) };
  }

  async function choose(actor: Actor, request: RunRequest): Promise<Chosen> {
    if ("copyOf" in request) {
      const { app } = await catalog.get(actor, request.copyOf, "read");
      refuseContainer(app.definition);
      const definition = asRun({ ...app.definition, ...request.replace });
      checkDefinition(definition);
      return withName(app.name, async () => hold(await freeCopyName(app.name), definition));
    }
    refuseContainer(request.definition);
    checkDefinition(request.definition);
    const definition = asRun(request.definition);
    if (request.name === undefined) return hold(generateName(), definition);
    const name = checkName(request.name);
    return withName(name, async () => {
      if (!(await isFree(name))) throw new YardError("conflict", `there is an app ${name} already`, { field: "name" });
      return hold(name, definition);
    });
  }

  async function freeCopyName(original: string): Promise<string> {
    for (let n = 1; n <= mostCopies; n++) {
      const name = copyName(original, n);
      if (await isFree(name)) return name;
    }
    throw new YardError("too_many", `there are ${mostCopies} copies of ${original}; remove some first`);
  }

  async function specOf(actor: Actor, chosen: Chosen, limits: RunLimits, isAwaited: boolean): Promise<UnitSpec> {
    const id = newId("app");
    const { name, definition } = chosen;
    const owner = (await owners.describe([actor.userId])).get(actor.userId);
    const sealed = sealDefinition(definition, id, secrets);
    return unitSpecOf(
      {
        id,
        revision: 1,
        enabled: true,
        definition,
        osUser: owner?.execUser ?? "",
        meta: { kind: "temporary", name, ownerId: actor.userId, definition: sealed, awaited: isAwaited },
        ...limits,
      },
      variables,
    );
  }

  /** Leaves nothing of a run that failed. Not awaited: the caller's answer is the failure, whatever becomes of this. */
  function discard(id: string): void {
    mirror.forget(id);
    background.run(`removing run ${id}`, () => units.remove(id));
  }

  async function start(spec: UnitSpec): Promise<RunStatus> {
    try {
      const unit = await units.put(spec);
      const run = startedRun(unit);
      mirror.learn(unit);
      return run;
    } catch (error) {
      discard(spec.id);
      throw error;
    }
  }

  return {
    isHeld: (name: string) => held.has(name),

    async run(actor: Actor, request: RunRequest, limits: RunLimits): Promise<{ name: string; runId: string }> {
      using chosen = await choose(actor, request);
      const run = await start(await specOf(actor, chosen, limits, false));
      return { name: chosen.name, runId: run.id };
    },

    async runSync(actor: Actor, request: RunRequest, limits: RunLimits): Promise<SyncRunResult> {
      using chosen = await choose(actor, request);
      const spec = await specOf(actor, chosen, limits, true);
      awaited.add(spec.id);
      try {
        const { unit, output, next } = await units.run(spec, { maxBytes: syncOutputBytes });
        const run = startedRun(unit);
        if (!run.exit) throw new YardError("interrupted", `the run ${chosen.name} was removed before it ended`);
        mirror.forget(spec.id);
        return { name: chosen.name, run: withoutSecret(run), exit: run.exit, output, next };
      } catch (error) {
        discard(spec.id);
        throw error;
      } finally {
        awaited.delete(spec.id);
      }
    },

    /** Removes an ended run whose caller waited for it in a control plane that is no more. */
    removeIfForsaken({ after }: { after: MirroredUnit | undefined }): void {
      if (after?.meta.kind !== "temporary" || !after.meta.awaited || awaited.has(after.unit.id)) return;
      const run = after.unit.runs[0];
      if (run && hasEnded(run)) background.run("removing a forsaken run", () => units.remove(after.unit.id));
    },
  };
}

/** A run starts once, at once, and nothing follows its end: what an app has for its many starts is left out. */
function asRun(definition: AppDefinition): AppDefinition {
  const {
    schedule: _schedule,
    window: _window,
    retention: _retention,
    healthCheck: _healthCheck,
    ...rest
  } = definition;
  return { ...rest, exit: noExitRules };
}

/** Whoever asks for a run waits for its start, and an image may take minutes to be fetched. */
function refuseContainer({ container }: AppDefinition): void {
  if (!container) return;
  const message = "is nothing that can be run once: make it an app with the exit action remove";
  throw new YardError("invalid", `an app in a container ${message}`, { field: "container.image" });
}

/** @throws {YardError} why it could not be started */
function startedRun(unit: UnitStatus): RunStatus {
  const run = unit.runs[0];
  if (!run) throw new YardError("internal", `the run ${unit.id} has not been started`);
  if (!run.startError) return run;
  const { code, message, field } = run.startError;
  throw new YardError(code, message, { field });
}
