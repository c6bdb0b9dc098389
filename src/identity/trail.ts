/** The audit trail of what comes through one API, with where each entry came from. */
import { isYardError } from "../platform/errors.ts";
import type { Audit, AuditEntry } from "./identity.ts";

type What = Pick<AuditEntry, "action" | "target" | "outcome" | "details">;

/** Who acts, as entries name them: a principal, or somebody without an account. */
export interface Actor {
  readonly userId: string | null;
  readonly username: string;
}

/** What a trail needs to know of a request. */
export interface TrailRequest {
  readonly id: string;
  readonly ip: string;
  readonly log: { error(facts: object, message: string): void };
}

export interface Trail {
  /** Of what is about to be done: it is not, if this cannot be saved. */
  intend(request: TrailRequest, actor: Actor, what: What): Promise<void>;
  /** Of what was done, or refused: saved also on a full disk. A change is acknowledged only after it. */
  record(request: TrailRequest, actor: Actor, what: What): Promise<void>;
  /** Does `work` and records it as done, or as denied where the domain forbids it. */
  change<T>(request: TrailRequest, actor: Actor, what: Omit<What, "outcome">, work: () => Promise<T>): Promise<T>;
  /** Of what happens so often that neither its caller nor anybody else may wait for the disk: saved a moment later, together with all
   *  others of that moment. A server that is killed before loses it. */
  recordSoon(request: TrailRequest, actor: Actor, what: What): void;
  /** Saves what still waits. */
  flush(): Promise<void>;
}

export interface TrailParts {
  /** Its name in the entries. */
  readonly api: string;
  readonly audit: Audit;
  /** Does it even on a full disk. */
  essential<T>(work: () => Promise<T>): Promise<T>;
}

/** How long entries gather: one commit (0.3 ms and more, in which the server does nothing else) in place of one per entry. */
const gatherMs = 100;
/** As many as share one commit. */
const mostGathered = 500;

export function createTrail({ api, audit, essential }: TrailParts): Trail {
  let gathered: (() => Promise<void>)[] = [];
  let timer: NodeJS.Timeout | undefined;

  const intend: Trail["intend"] = (request, { userId: id, username: name }, what) =>
    audit.record({ ...what, actor: { id, name }, api, remoteAddress: request.ip, requestId: request.id });
  const record: Trail["record"] = (request, actor, what) => essential(() => intend(request, actor, what));

  async function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    const due = gathered;
    gathered = [];
    await Promise.all(due.map((write) => write()));
  }

  return {
    intend,
    record,
    recordSoon(request, actor, what) {
      const complain = (error: unknown) => request.log.error({ err: error }, "cannot save an audit entry");
      gathered.push(() => record(request, actor, what).catch(complain));
      if (gathered.length >= mostGathered) void flush();
      else timer ??= setTimeout(() => void flush(), gatherMs);
    },
    flush,
    async change(request, actor, what, work) {
      try {
        const result = await work();
        await record(request, actor, { ...what, outcome: "done" });
        return result;
      } catch (error) {
        if (isYardError(error, "forbidden")) await record(request, actor, { ...what, outcome: "denied" });
        throw error;
      }
    },
  };
}
