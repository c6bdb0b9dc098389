/** Messages: requests to a running app, and its replies. A sender is a user who may change the app; a worker is the app's own process, known
 *  by the secret that it was started with. All of it is kept in memory: a request lives only as long as its sender waits. */
import { timingSafeEqual } from "node:crypto";
import type { RunStatus, StopCause, UnitStatus } from "../agent/protocol.ts";
import { YardError } from "../platform/errors.ts";
import { type Owned, requireAccess } from "./access.ts";
import { type Catalog, ownedOf } from "./catalog.ts";
import { createMailbox, type FetchOptions, type Mailbox, type MessageState, type SendOptions } from "./mailbox.ts";
import type { Mirror, MirroredUnit, OnUnitChange } from "./mirror.ts";
import type { Actor, OwnerDirectory } from "./parts.ts";
import { hasEnded } from "./runtime.ts";

/** All of them throw `not_found` for an app that is not there. */
export interface Messages {
  /** Waits for the reply. An app holds one request: a later one displaces it.
   *  @throws {YardError} forbidden; invalid (the app has no process); timeout; interrupted (displaced, cancelled, the app was stopped,
   *  replaced or removed, the sender left) */
  send(actor: Actor, name: string, bytes: Buffer, options: SendOptions): Promise<Buffer>;
  /** Ends the request that is pending. @returns whether there was one @throws {YardError} forbidden */
  cancel(actor: Actor, name: string): Promise<boolean>;
  /** For the app's process: the pending request, which stays pending until the reply, or undefined if none came in time.
   *  @throws {YardError} invalid (not a secret of this app's); precondition (of a process that has ended or was replaced: it has nothing
   *  more to do); unavailable (a later fetch took the place of this one) */
  fetch(name: string, secret: string, options: FetchOptions): Promise<Buffer | undefined>;
  /** Whether this is a process of the app, asked before its reply is read. @throws {YardError} invalid; precondition */
  admit(name: string, secret: string): void;
  /** For the app's process: answers the request that it fetched last.
   *  @throws {YardError} invalid (also when nobody waits for that reply any more), precondition */
  reply(name: string, secret: string, bytes: Buffer): void;
  /** Of an app that the caller was shown. */
  stateOf(name: string): MessageState;
}

export interface MessageParts {
  readonly catalog: Catalog;
  readonly mirror: Mirror;
  readonly owners: OwnerDirectory;
}

/** Each revision of an app is a unit of its own, so neither owner nor sharing of a unit change while the owner exists: they are read once. */
interface Box {
  readonly mailbox: Mailbox;
  owned?: Owned;
}

const nothing: MessageState = { count: 0, status: "" };

export function createMessages(parts: MessageParts): Messages & { readonly observe: OnUnitChange } {
  const { catalog, mirror, owners } = parts;
  /** By unit; gone with it. */
  const boxes = new Map<string, Box>();

  function boxOf({ unit, meta }: MirroredUnit): Box {
    const known = boxes.get(unit.id);
    if (known) return known;
    const box: Box = { mailbox: createMailbox(meta.name) };
    boxes.set(unit.id, box);
    return box;
  }

  /** The app's unit, if it has one. The first call for each asks the database, the others are answered from memory: a message takes
   *  less time than a query. */
  async function unitFor(actor: Actor, name: string): Promise<MirroredUnit | undefined> {
    const id = mirror.named(name)?.unit.id;
    const owned = id === undefined ? undefined : await asOfNow(boxes.get(id)?.owned);
    if (id !== undefined && owned) {
      requireAccess(actor, owned, "write");
      return mirror.get(id);
    }
    const found = await catalog.get(actor, name, "write");
    const mirrored = mirror.get(found.unitId);
    if (mirrored) boxOf(mirrored).owned = ownedOf(found);
    return mirrored;
  }

  /** With the teams that the owner is in now; undefined if the owner is no longer a user, and the database knows what follows from that. */
  async function asOfNow(owned: Owned | undefined): Promise<Owned | undefined> {
    if (!owned || owned.ownerId === null) return owned;
    const owner = (await owners.describe([owned.ownerId])).get(owned.ownerId);
    return owner && { ...owned, ownerTeams: owner.teams };
  }

  function workerOf(name: string, secret: string): { box: Box; runId: string } {
    const mirrored = mirror.named(name);
    if (!mirrored) throw new YardError("not_found", `there is no app ${JSON.stringify(name)}`);
    return { box: boxOf(mirrored), runId: runOf(mirrored.unit, secret).id };
  }

  return {
    async send(actor, name, bytes, options) {
      const mirrored = await unitFor(actor, name.trim());
      if (!mirrored || !hasProcess(mirrored.unit)) {
        throw new YardError("invalid", `the app ${name} has no process that could reply: enable it, and send again`);
      }
      return boxOf(mirrored).mailbox.send(bytes, options);
    },

    async cancel(actor, name) {
      const mirrored = await unitFor(actor, name.trim());
      const box = mirrored && boxes.get(mirrored.unit.id);
      return box?.mailbox.interrupt(`${actor.username} cancelled the message`) ?? false;
    },

    async fetch(name, secret, options) {
      const { box, runId } = workerOf(name.trim(), secret);
      return box.mailbox.fetch(runId, options);
    },

    admit: (name, secret) => void workerOf(name.trim(), secret),

    reply(name, secret, bytes) {
      const { box, runId } = workerOf(name.trim(), secret);
      if (box.mailbox.reply(runId, bytes)) return;
      throw new YardError("invalid", "nobody waits for this reply: its sender left, or the request was never fetched");
    },

    stateOf(name) {
      const id = mirror.named(name)?.unit.id;
      return (id === undefined ? undefined : boxes.get(id)?.mailbox.state) ?? nothing;
    },

    observe({ before, after }) {
      const unitId = (after ?? before)?.unit.id;
      const mailbox = unitId === undefined ? undefined : boxes.get(unitId)?.mailbox;
      if (unitId === undefined || !mailbox) return;
      if (!after) boxes.delete(unitId);
      if (!after || !hasProcess(after.unit)) {
        mailbox.interrupt(`the app ${before?.meta.name} was stopped, replaced or removed before it replied`);
      }
      mailbox.admitOnly(after && currentRun(after.unit)?.id);
    },
  };
}

/** After these a process has no successor to whom its request could be left. */
const endedByTheYard: ReadonlySet<StopCause | undefined> = new Set(["stopped", "replaced", "window"]);

/** There is a process, or there was one and its request waits for the next. */
function hasProcess({ enabled, runs: [run] }: UnitStatus): boolean {
  return enabled && run !== undefined && !run.startError && !endedByTheYard.has(run.stopCause);
}

function currentRun({ runs: [run] }: UnitStatus): RunStatus | undefined {
  return run && !hasEnded(run) ? run : undefined;
}

/** The run that was started with this secret. A stranger learns nothing here; a process that was left behind learns that it may end.
 *  @throws {YardError} invalid; precondition */
function runOf(unit: UnitStatus, secret: string): RunStatus {
  const current = currentRun(unit);
  if (current && isSame(current.secret, secret)) return current;
  const earlier = [...unit.runs, ...(unit.lastEnded ? [unit.lastEnded] : [])];
  if (earlier.some((run) => isSame(run.secret, secret))) {
    throw new YardError(
      "precondition",
      "the process of this key has ended, or another one has taken its place: end it",
    );
  }
  throw new YardError("invalid", "this is not the key of a process of this app");
}

function isSame(ours: string | undefined, theirs: string): boolean {
  const [a, b] = [Buffer.from(ours ?? ""), Buffer.from(theirs)];
  return a.length > 0 && a.length === b.length && timingSafeEqual(a, b);
}
