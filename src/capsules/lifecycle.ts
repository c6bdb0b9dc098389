/** What is done to a capsule from its creation to its end. What is to be is recorded first, then done, then recorded as done: whichever line we crash on,
 *  the next comparison with its host finds what is left to do (reconcile.ts). */

import type { HostDriver } from "../hosts/host.ts";
import { YardError } from "../platform/errors.ts";
import { newId } from "../platform/ids.ts";
import type { WithName } from "../platform/name-lock.ts";
import type { SandboxDriver, SandboxSpec } from "../sandboxes/sandbox.ts";
import type { Announce } from "./announce.ts";
import type { Capsule, CapsuleScope, NewCapsule } from "./capsule.ts";
import type { ChoosePlace } from "./drivers.ts";
import { isFinal } from "./moves.ts";
import type { CapsuleParts } from "./parts.ts";
import { type CapsuleSandboxes, capsulePrefix } from "./sandboxes.ts";
import type { CapsuleStore } from "./store.ts";
import type { FindTemplate, FoundTemplate } from "./template-store.ts";

export interface LifecycleParts extends Pick<CapsuleParts, "clock" | "essential" | "settings" | "log"> {
  readonly store: CapsuleStore;
  readonly sandboxes: CapsuleSandboxes;
  readonly choosePlace: ChoosePlace;
  readonly findTemplate: FindTemplate;
  readonly announce: Announce;
  /** One change of a capsule at a time. */
  readonly withCapsule: WithName;
  /** It is to go on where it is: a move of it that was broken off is given up. @returns whether there was one, which may have changed where it is */
  giveUpMove(capsuleId: string): Promise<boolean>;
  /** Compares its host with the table, soon: something may be left to do. */
  reconcileLater(hostId: string): void;
  /** It has stopped changing for a while, and what was measured of it is to be kept. */
  settleMeasures(capsuleId: string): Promise<void>;
  forgetMeasures(capsuleId: string): Promise<void>;
}

export interface Lifecycle {
  create(scope: CapsuleScope, wanted: NewCapsule): Promise<Capsule>;
  get(teamId: string, id: string): Promise<Capsule>;
  pause(scope: CapsuleScope, id: string): Promise<Capsule>;
  resume(scope: CapsuleScope, id: string): Promise<Capsule>;
  destroy(scope: CapsuleScope, id: string): Promise<void>;
  /** For those who hold it already (`withCapsule`): pauses a running one. */
  freeze(capsule: Capsule): Promise<Capsule>;
  /** Takes that back. */
  thaw(capsule: Capsule): Promise<Capsule>;
}

const defaultMemoryMb = 512;
const diskMb = 5_120;
/** Processes and threads: enough for a build, too few for a fork bomb to be felt. */
const mostProcesses = 4_096;
const mebibyte = 1_048_576;

export function createLifecycle(parts: LifecycleParts): Lifecycle {
  const { store, sandboxes, choosePlace, findTemplate, announce, withCapsule, reconcileLater, settings } = parts;
  const { clock, essential, log } = parts;

  async function get(teamId: string, id: string): Promise<Capsule> {
    const capsule = await store.get(id);
    if (capsule?.teamId !== teamId) throw new YardError("not_found", `There is no capsule ${id}.`);
    return capsule;
  }

  /** Asked for as a row, before its host is: so that whatever comes of it is found again. */
  async function begin({ teamId }: CapsuleScope, wanted: NewCapsule, template: FoundTemplate) {
    const size = sizeOf(wanted, template);
    const { hostId, driver: wantedDriver } = placeOf(wanted, template);
    const { host, driver } = await choosePlace({ teamId, ...size, diskMb, hostId, driver: wantedDriver });
    const now = clock.now();
    const capsule: Capsule = {
      ...{ id: newId(capsulePrefix, now), teamId, status: "pending", template: template.name },
      ...{ ...size, diskMb, idleTimeoutSeconds: positive(wanted.idleTimeoutSeconds) ?? 0 },
      ...{ driver, hostId: host.id, keeps: host.driver(driver).can.pause, createdAt: now, updatedAt: now },
    };
    return { capsule, driver: host.driver(driver) };
  }

  async function create(scope: CapsuleScope, wanted: NewCapsule): Promise<Capsule> {
    const template = await findTemplate(scope.teamId, wanted.template);
    const { capsule, driver } = await begin(scope, wanted, template);
    return withCapsule(capsule.id, async () => {
      await store.insert(capsule, settings.quota);
      await start(capsule, driver, template.inDriver);
      const now = clock.now();
      const running = await store.move(capsule.id, "running", { startedAt: now, lastActiveAt: now });
      if (!running) {
        await sandboxes.remove(capsule);
        throw new YardError("conflict", "The capsule was destroyed while it was being made.");
      }
      announce.capsule("capsule.created", running, scope.actor);
      return running;
    });
  }

  /** A capsule that cannot be started leaves a row that says why, and nothing else. */
  async function start(capsule: Capsule, driver: HostDriver, template: string): Promise<void> {
    try {
      sandboxes.remember(capsule, await driver.create(sandboxSpecOf(capsule, driver, template)));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      await essential(() => store.move(capsule.id, "error", { reason }));
      await discard(capsule);
      throw error;
    }
  }

  /** What cannot be removed now is removed when its host answers again. */
  async function discard(capsule: Capsule): Promise<void> {
    try {
      await sandboxes.remove(capsule);
    } catch (error) {
      log.warn(
        { err: error, capsule: capsule.id },
        "what is left of a capsule could not be removed; it is tried again",
      );
      reconcileLater(capsule.hostId);
    }
  }

  async function freeze(capsule: Capsule): Promise<Capsule> {
    if (capsule.keeps === "none") {
      throw new YardError("precondition", `Capsules of the driver ${capsule.driver} cannot be paused.`);
    }
    // Marked first: from here on nothing new is let in, and a crash leaves a pause to be carried out.
    const paused = await essential(() => store.move(capsule.id, "paused"));
    if (!paused) throw await wrongStatus(capsule, "pause");
    const settled = parts.settleMeasures(capsule.id).catch((error: unknown) => {
      log.warn({ err: error, capsule: capsule.id }, "what was measured of a capsule could not be saved");
    });
    try {
      await sandboxes.use(capsule, ({ pausing }) => pausing?.pause());
    } catch (error) {
      await essential(() => store.move(capsule.id, "running")); // and it is measured again
      reconcileLater(capsule.hostId); // it may have been paused all the same
      throw error;
    } finally {
      await settled;
    }
    return paused;
  }

  async function thaw(capsule: Capsule): Promise<Capsule> {
    await sandboxes.use(capsule, ({ pausing }) => pausing?.resume());
    const now = clock.now();
    const running = await store.move(capsule.id, "running", { startedAt: now, lastActiveAt: now });
    if (!running) throw await wrongStatus(capsule, "resume");
    return running;
  }

  async function wrongStatus({ id, teamId }: Capsule, what: string): Promise<YardError> {
    return cannot(what, await get(teamId, id));
  }

  return {
    create,
    get,
    freeze,
    thaw,

    pause: ({ teamId, actor }, id) =>
      withCapsule(id, async () => {
        const capsule = await get(teamId, id);
        if (capsule.status !== "running") throw cannot("pause", capsule);
        const paused = await freeze(capsule);
        announce.capsule("capsule.paused", paused, actor);
        return paused;
      }),

    resume: ({ teamId, actor }, id) =>
      withCapsule(id, async () => {
        let capsule = await get(teamId, id);
        if (await parts.giveUpMove(id)) capsule = await get(teamId, id); // where it is for good
        if (capsule.status !== "paused" && capsule.status !== "hibernated") throw cannot("resume", capsule);
        const running = await thaw(capsule);
        announce.capsule("capsule.running", running, actor);
        return running;
      }),

    async destroy({ teamId, actor }, id) {
      await withCapsule(id, async () => {
        const capsule = await get(teamId, id);
        if (isFinal(capsule.status)) return;
        const stopped = await essential(() => store.move(id, "stopped"));
        await Promise.all([discard(capsule), parts.forgetMeasures(id)]);
        if (stopped) announce.capsule("capsule.destroyed", stopped, actor);
      });
    },
  };
}

/** `details.status` says in which it is. */
export function cannot(what: string, { id, status }: Capsule): YardError {
  const hint = status === "missing" ? " Its host cannot be reached." : "";
  return new YardError("conflict", `Cannot ${what} capsule ${id}: it is ${status}.${hint}`, { details: { status } });
}

function sizeOf(wanted: NewCapsule, { vcpus, memoryMb }: FoundTemplate): { vcpus: number; memoryMb: number } {
  return {
    vcpus: vcpus ?? positive(wanted.vcpus) ?? 1,
    memoryMb: memoryMb ?? positive(wanted.memoryMb) ?? defaultMemoryMb,
  };
}

/** Templates are where they were made. @throws {YardError} invalid */
function placeOf(wanted: NewCapsule, { name, hostId, driver }: FoundTemplate): { hostId?: string; driver?: string } {
  if (driver !== undefined && wanted.driver !== undefined && wanted.driver !== driver) {
    throw new YardError("invalid", `The template ${name} is one of the driver ${driver}.`, { field: "driver" });
  }
  if (hostId !== undefined && wanted.hostId !== undefined && wanted.hostId !== hostId) {
    throw new YardError("invalid", `The template ${name} is on another host.`, { field: "host" });
  }
  return { hostId: hostId ?? wanted.hostId, driver: driver ?? wanted.driver };
}

function positive(value: number | undefined): number | undefined {
  return value !== undefined && value > 0 ? Math.floor(value) : undefined;
}

function sandboxSpecOf(capsule: Capsule, { can }: SandboxDriver, template: string): SandboxSpec {
  const { id, vcpus, memoryMb, diskMb } = capsule;
  return {
    id,
    template,
    limits: {
      cpus: vcpus,
      memoryBytes: memoryMb * mebibyte,
      processes: mostProcesses,
      diskBytes: can.diskLimit ? diskMb * mebibyte : undefined,
    },
    network: can.networks?.includes("outbound") ? "outbound" : can.networks && "none",
  };
}
