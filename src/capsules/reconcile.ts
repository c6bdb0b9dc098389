/** Makes a host agree with the table of capsules: when the yard starts, when the host comes back, from time to time, and when something may be left to
 *  do. What the table says is carried out; what is gone is recorded as gone; what nobody knows is removed. Doing it twice is doing it once.
 *
 *  | in the table | on the host | then |
 *  | --- | --- | --- |
 *  | `pending`, of a yard that has ended | anything | `error`; removed |
 *  | `running`, `missing` | running | `running` |
 *  | `running`, `missing` | paused | resumed: a pause that was taken back |
 *  | `paused` | running | paused: a pause that was not carried out |
 *  | any of these | stopped: its files are left | `hibernated` |
 *  | any of these | nothing | `stopped` |
 *  | final, or none | anything | removed | */
import type { SandboxReport } from "../agent/protocol.ts";
import type { Host } from "../hosts/host.ts";
import { isYardError } from "../platform/errors.ts";
import type { WithName } from "../platform/name-lock.ts";
import type { Capsule, CapsuleStatus } from "./capsule.ts";
import { finalStatuses } from "./moves.ts";
import type { CapsuleParts } from "./parts.ts";
import { type CapsuleSandboxes, capsulePrefix } from "./sandboxes.ts";
import type { CapsuleStore } from "./store.ts";
import type { TemplateStore } from "./template-store.ts";
import { templatePrefix } from "./templates.ts";

export interface ReconcileParts extends Pick<CapsuleParts, "essential" | "log"> {
  readonly store: CapsuleStore;
  readonly templates: TemplateStore;
  /** Templates that are being made. */
  readonly templatesUnderWay: ReadonlySet<string>;
  readonly sandboxes: CapsuleSandboxes;
  readonly withCapsule: WithName;
  forgetMeasures(capsuleId: string): Promise<void>;
}

/** One comparison. What fails for one capsule is logged, and tried again with the next. @throws {YardError} unavailable, if the host is away */
export type ReconcileHost = (host: Host) => Promise<void>;

export function createReconcileHost(parts: ReconcileParts): ReconcileHost {
  const { store, sandboxes, withCapsule, log } = parts;

  async function attempt(what: string, id: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (isYardError(error, "unavailable")) throw error;
      log.warn({ err: error, capsule: id }, `${what}; it is tried again`);
    }
  }

  /** In turn with what is done to it by others, and by how it is then. */
  function settle(id: string, host: Host, seen: Found): Promise<void> {
    return withCapsule(id, async () => {
      const capsule = await store.get(id);
      if (!capsule || capsule.hostId !== host.id) return;
      // What was seen may be over by now. To pause or resume twice does no harm; to give up what was just begun would.
      const isThere = seen.status === "running" || seen.status === "paused";
      const found = isThere ? seen : await look(id, host);
      await settleAs(parts, capsule, found);
    });
  }

  async function removeOrphan({ id, driver }: SandboxReport, host: Host): Promise<void> {
    await withCapsule(id, async () => {
      const capsule = await store.get(id);
      if (capsule?.hostId === host.id && !isOver(capsule)) return;
      log.info({ capsule: id, host: host.name }, "removing what is left of a capsule");
      await sandboxes.remove({ id, driver, hostId: host.id });
    });
  }

  return async (host) => {
    // First what is there, then what should be: so that one which is just being made is in the table when it is looked for.
    const reports = new Map((await host.sandboxes()).map((report) => [report.id, report]));
    const capsules = new Map((await store.onHost(host.id)).map((capsule) => [capsule.id, capsule]));
    for (const report of reports.values()) {
      if (!report.id.startsWith(`${capsulePrefix}_`) || capsules.has(report.id)) continue;
      await attempt("what is left of a capsule cannot be removed", report.id, () => removeOrphan(report, host));
    }
    for (const { id, status } of capsules.values()) {
      const seen = reports.get(id) ?? gone;
      if (agrees(status, seen.status)) continue;
      await attempt("a capsule and its host do not agree", id, () => settle(id, host, seen));
    }
    await removeOrphanTemplates(parts, host);
  };
}

/** What is on the host. */
type Found = Pick<SandboxReport, "status" | "reason">;

const gone: Found = { status: "gone" };

async function look(id: string, host: Host): Promise<Found> {
  return (await host.sandboxes()).find((one) => one.id === id) ?? gone;
}

const isOver = ({ status }: Capsule): boolean => finalStatuses.some((final) => final === status);

function agrees(wanted: CapsuleStatus, found: SandboxReport["status"]): boolean {
  if (wanted === "running" || wanted === "paused") return wanted === found;
  return wanted === "hibernated" && found === "stopped";
}

async function settleAs(
  { store, sandboxes, essential, log, forgetMeasures }: ReconcileParts,
  capsule: Capsule,
  { status: found, reason = "Its host was restarted." }: Found,
): Promise<void> {
  const { id, status } = capsule;
  if (isOver(capsule) || agrees(status, found)) return;
  log.info({ capsule: id, status, found }, "a capsule is not as it was left");
  if (status === "pending" || status === "starting") {
    await essential(() =>
      store.move(id, "error", { reason: "The yard or its database was gone while the capsule was being made." }),
    );
    await sandboxes.remove(capsule);
  } else if (found === "gone") {
    await essential(() => store.move(id, "stopped", { reason: "It was no longer on its host." }));
    await sandboxes.remove(capsule);
    await forgetMeasures(id);
  } else if (found === "stopped") {
    await store.move(id, "hibernated", { reason: `${reason} Its files were kept, and nothing else.` });
  } else if (status === "paused") {
    await sandboxes.use(capsule, ({ pausing }) => pausing?.pause());
  } else {
    if (found === "paused") await sandboxes.use(capsule, ({ pausing }) => pausing?.resume());
    if (status !== "running") await store.move(id, "running");
  }
}

async function removeOrphanTemplates({ templates, templatesUnderWay, log }: ReconcileParts, host: Host): Promise<void> {
  const { drivers } = await host.info();
  for (const { name, can, availability } of drivers) {
    // One that cannot be used, such as that of an engine that is not there, cannot say which templates it has either.
    const ofDriver = can.templates && availability.usable ? host.driver(name).templates : undefined;
    if (!ofDriver) continue;
    const there = (await ofDriver.list()).filter((template) => template.name.startsWith(`${templatePrefix}_`));
    const known = new Set((await templates.onHost(host.id)).map(({ id }) => id));
    for (const { name: id } of there) {
      if (known.has(id) || templatesUnderWay.has(id)) continue;
      log.info({ template: id, host: host.name }, "removing what is left of a template");
      await ofDriver.remove(id);
    }
  }
}
