/** Puts the capsules together. */

import type { Host } from "../hosts/host.ts";
import { createNameLock } from "../platform/name-lock.ts";
import { every } from "../platform/timers.ts";
import { createActivity } from "./activity.ts";
import { createAnnounce, systemActor } from "./announce.ts";
import type { Actor, Capsule, CapsuleScope, Capsules } from "./capsule.ts";
import { createChoosePlace } from "./drivers.ts";
import { watchHosts } from "./host-watch.ts";
import { pauseIdleCapsules } from "./idle.ts";
import { createEnterSandbox } from "./inside.ts";
import { cannot, createLifecycle } from "./lifecycle.ts";
import { openMeasures } from "./measures/measures.ts";
import { createCarrier } from "./moving/carry.ts";
import { finishMoves, removeStrayArrivals } from "./moving/leftovers.ts";
import { createMoveStore, isMoving } from "./moving/move-store.ts";
import { createMoving } from "./moving/moving.ts";
import type { CapsuleParts, CapsuleTimes } from "./parts.ts";
import { createReconcileHost } from "./reconcile.ts";
import { createCapsuleSandboxes } from "./sandboxes.ts";
import { type CapsuleStore, createCapsuleStore } from "./store.ts";
import { createTemplateStore } from "./template-store.ts";
import { createFindTemplate, createTemplates } from "./templates.ts";

const usualTimes: CapsuleTimes = {
  idleCheckMs: 2_000,
  hostCheckMs: 2_000,
  reconcileMs: 30_000,
  missingAfterMs: 45_000,
  sampleMs: 500,
  moveRetryMs: 2_000,
};

/** For so long a capsule that is over can be asked for. */
const keepOverMs = 30 * 86_400_000;
const forgetEveryMs = 3_600_000;

/** Begins at once to compare the hosts with what was left. Disposing ends what is done by itself; capsules run on. */
export function openCapsules(parts: CapsuleParts): Capsules {
  const { hosts, clock, log, settings } = parts;
  const times = { ...usualTimes, ...settings.times };
  const opened = new AsyncDisposableStack();
  const store = createCapsuleStore(parts);
  const templateStore = createTemplateStore(parts);
  const measures = opened.use(openMeasures({ ...parts, store, times }));
  const shared = {
    ...{ ...parts, store, times },
    sandboxes: createCapsuleSandboxes({ hosts, onVanished: (hostId) => watch.request(hostId) }),
    choosePlace: createChoosePlace(parts),
    announce: createAnnounce(parts),
    activity: createActivity({ store, clock }),
    withCapsule: createNameLock(),
    settleMeasures: measures.settle,
    forgetMeasures: measures.forget,
  };
  const { activity, sandboxes } = shared;
  const moves = createMoveStore(parts);
  const lifecycle = createLifecycle({
    ...shared,
    findTemplate: createFindTemplate(templateStore),
    giveUpMove: moves.giveUp,
    reconcileLater: (hostId) => watch.request(hostId),
  });
  const templates = createTemplates({ ...shared, templates: templateStore, lifecycle });
  const templatesUnderWay = templates.underWay;
  const reconcile = createReconcileHost({ ...shared, templates: templateStore, templatesUnderWay });
  const carrier = createCarrier({ ...shared, retryMs: times.moveRetryMs });
  const moving = createMoving({ ...shared, moves, carrier, get: lifecycle.get, find: store.get });
  const leftovers = opened.use(finishMoves({ ...shared, moves, moving }));
  opened.use(moving); // broken off first: nobody waits for what is on its way
  const reconcileAll = async (host: Host) => {
    await reconcile(host);
    await removeStrayArrivals(moves, host);
    void leftovers.look();
  };
  const watch = opened.use(watchHosts({ ...shared, reconcile: reconcileAll }));
  opened.use(pauseIdleCapsules({ ...shared, lifecycle }));
  opened.use(every(forgetEveryMs, () => forgetOver(store, parts)));
  const enterSandbox = createEnterSandbox({ activity });

  async function running(teamId: string, id: string, what: string): Promise<Capsule> {
    const capsule = await lifecycle.get(teamId, id);
    if (capsule.status === "running") return activity.shown(capsule);
    throw cannot(what, capsule);
  }

  async function destroy(scope: CapsuleScope, id: string): Promise<void> {
    if (moving.isLive(id)) {
      await lifecycle.get(scope.teamId, id); // theirs to end
      moving.breakOff(id);
    }
    await lifecycle.destroy(scope, id);
  }

  /** All at once: a host that does not answer is waited for, once and not for each. */
  async function destroyAll(some: readonly Capsule[], actor: Actor): Promise<void> {
    await Promise.all(some.map(({ id, teamId }) => destroy({ teamId, actor }, id)));
  }

  return {
    ...{ measures, templates },
    create: lifecycle.create,
    pause: lifecycle.pause,
    async resume(scope, id) {
      if (moving.isLive(id)) throw isMoving(await lifecycle.get(scope.teamId, id));
      return lifecycle.resume(scope, id);
    },
    move: moving.move,
    destroy,
    get: async (teamId, id) => activity.shown(await lifecycle.get(teamId, id)),
    list: async (teamId) => (await store.ofTeam(teamId)).map(activity.shown),
    find: (id) => store.get(id),

    async ping(teamId, id) {
      await running(teamId, id, "use");
      activity.touch(id);
      await activity.save();
    },

    async enter(teamId, id) {
      const capsule = await running(teamId, id, "work in");
      return sandboxes.use(capsule, (sandbox) => enterSandbox(capsule, sandbox));
    },

    onHosts: {
      list: store.onHost,
      async clear(hostId, actor) {
        await destroyAll(await store.onHost(hostId), actor);
        await templates.clearHost(hostId);
      },
    },

    async clearTeam(teamId) {
      await destroyAll(await store.ofTeam(teamId), systemActor);
      await templates.clearTeam(teamId);
      await measures.clearTeam(teamId);
    },

    async [Symbol.asyncDispose]() {
      await opened.disposeAsync();
      await activity.save().catch((error: unknown) => {
        log.warn({ err: error }, "when capsules were last used could not be saved");
      });
    },
  };
}

async function forgetOver(store: CapsuleStore, { clock, log }: CapsuleParts): Promise<void> {
  try {
    await store.forget(clock.now() - keepOverMs);
  } catch (error) {
    log.warn({ err: error }, "capsules that are long over could not be forgotten; it is tried again");
  }
}
