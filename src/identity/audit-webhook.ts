/** Sends each new entry of the audit log to an address, in order, at least once: what fails is tried again until it arrives, and nothing overtakes it. One of
 *  the yards does it at a time: whoever tries moves the time of the next try past the end of this one, and only who still has it may say how it went. */
import { randomUUID } from "node:crypto";
import type { BlockList } from "node:net";
import type { Clock } from "../platform/clock.ts";
import type { SecretBox } from "../platform/crypto/secret-box.ts";
import type { Database } from "../platform/db/database.ts";
import { createSharedTime } from "../platform/db/shared-time.ts";
import { YardError } from "../platform/errors.ts";
import { judgeBy } from "../platform/http/outgoing/allowed.ts";
import { ExchangeError } from "../platform/http/outgoing/exchange-error.ts";
import { exchangeFault, hostOf, type Resolve, requestGuarded } from "../platform/http/outgoing/guarded-request.ts";
import { signatureHeaders, signatureOf } from "../platform/http/outgoing/signature.ts";
import { userAgent } from "../platform/http/outgoing/user-agent.ts";
import type { Log } from "../platform/log.ts";
import { every } from "../platform/timers.ts";
import type { LoggedEntry } from "./audit-log.ts";
import { createWebhookRows, type KeptWebhook, type TakenWebhook } from "./audit-webhook-rows.ts";

export interface AuditWebhook {
  /** Empty: entries are sent nowhere. */
  readonly url: string;
  readonly hasSecret: boolean;
  /** Actions, and areas of them (`stack` is all that begin with `stack.`); none: all. */
  readonly filterActions: readonly string[];
}

export interface AuditWebhookInput {
  readonly url: string;
  /** Absent or empty: the one that is kept stays. */
  readonly secret?: string;
  readonly clearSecret?: boolean;
  /** Absent: as they are. */
  readonly filterActions?: readonly string[];
}

export interface AuditWebhooks extends AsyncDisposable {
  get(): Promise<AuditWebhook>;
  /** Entries from now on are sent there, and what is yet to be sent. @throws {YardError} invalid (`url`, `secret`, `filterActions`) */
  set(wanted: AuditWebhookInput): Promise<AuditWebhook>;
  /** Sends one that is not in the log. @throws {YardError} invalid, where there is no address; unavailable, with the reason why it did not arrive */
  test(signal: AbortSignal): Promise<void>;
}

export interface AuditWebhookParts {
  readonly database: Database;
  readonly secrets: SecretBox;
  /** Beside the internet, where the receiver may be. */
  readonly allowNetworks: BlockList;
  /** The system's own if absent. */
  readonly resolve?: Resolve;
  /** What is sent of an entry. */
  bodyOf(entry: LoggedEntry): object;
  readonly clock: Clock;
  readonly log: Pick<Log, "warn" | "error">;
  readonly times?: Partial<AuditWebhookTimes>;
}

/** In milliseconds. */
export interface AuditWebhookTimes {
  readonly pollMs: number;
  /** Of one try. */
  readonly timeoutMs: number;
  /** Longer than any try. */
  readonly leaseMs: number;
  /** After the first failure, after the second, and so on; after all further ones the last. */
  readonly retriesMs: readonly number[];
}

const usualTimes: AuditWebhookTimes = {
  ...{ pollMs: 1_000, timeoutMs: 10_000, leaseMs: 60_000 },
  retriesMs: [10_000, 30_000, 2 * 60_000, 10 * 60_000],
};

export function openAuditWebhook(parts: AuditWebhookParts): AuditWebhooks {
  const { database, secrets, clock, log, bodyOf } = parts;
  const times = { ...usualTimes, ...parts.times };
  const rows = createWebhookRows({
    database,
    secrets,
    clock,
    now: createSharedTime(database.dialect, clock),
    ...times,
  });
  const stopping = new AbortController();

  /** @throws {ExchangeError} the reason; the signal's */
  async function send({ url, secret }: KeptWebhook, body: string, signal: AbortSignal): Promise<void> {
    const address = new URL(url);
    const timestamp = new Date(clock.now()).toISOString();
    const headers = {
      ...{ "content-type": "application/json", "user-agent": userAgent },
      ...{ [signatureHeaders.delivery]: randomUUID(), [signatureHeaders.timestamp]: timestamp },
      ...(secret !== undefined && { [signatureHeaders.signature]: signatureOf(timestamp, body, secret) }),
    };
    const request = { method: "POST", url: address, headers: Object.entries(headers), body: Buffer.from(body) };
    const allowed = { networks: parts.allowNetworks, setting: "notifications.allow-networks" };
    const judge = judgeBy(allowed, hostOf(address));
    const timeout = AbortSignal.timeout(times.timeoutMs);
    try {
      const ends = AbortSignal.any([signal, timeout]);
      using response = await requestGuarded(request, { judge, resolve: parts.resolve, signal: ends });
      if (response.status < 200 || response.status > 299)
        throw new ExchangeError(`the receiver answered with status ${response.status}`);
    } catch (error) {
      signal.throwIfAborted();
      const reason = timeout.aborted ? `no answer within ${times.timeoutMs / 1_000} s` : exchangeFault(error);
      throw new ExchangeError(reason, { cause: error });
    }
  }

  /** All that waits, until something fails or another yard has taken over. */
  async function deliver(first: TakenWebhook): Promise<void> {
    for (let taken: TakenWebhook | undefined = first; taken !== undefined; ) {
      const { entries, through } = await rows.after(taken);
      for (const entry of entries) {
        try {
          await send(taken, JSON.stringify(bodyOf(entry)), stopping.signal);
        } catch (error) {
          if (stopping.signal.aborted) return rows.giveBack(taken);
          const reason = error instanceof Error ? error.message : String(error);
          log.warn({ entry: entry.seq, reason }, "an audit entry did not arrive: it is sent again");
          return rows.failed(taken, times.retriesMs[Math.min(taken.failures, times.retriesMs.length - 1)] ?? 0);
        }
        taken = await rows.advance(taken, entry.seq);
        if (taken === undefined) return;
      }
      if (through === taken.sentThrough || stopping.signal.aborted) return rows.giveBack(taken);
      taken = await rows.advance(taken, through);
    }
  }

  const poll = every(times.pollMs, async () => {
    try {
      const taken = await rows.take();
      if (taken !== undefined) await deliver(taken);
    } catch (error) {
      log.error({ err: error }, "audit entries cannot be sent: it is tried again");
    }
  });

  return {
    async get() {
      return shown(await rows.read());
    },
    async set(wanted) {
      return shown(await rows.change(requireSound(wanted)));
    },
    async test(signal) {
      const webhook = await rows.read();
      if (!webhook?.url)
        throw new YardError("invalid", "There is no webhook: set its address first.", { field: "url" });
      try {
        await send(webhook, JSON.stringify(bodyOf(testEntry(clock.now()))), signal);
      } catch (error) {
        if (signal.aborted) throw new YardError("interrupted", "The test was ended before it had arrived. Try again.");
        if (!(error instanceof ExchangeError)) throw error;
        throw new YardError("unavailable", `The test did not arrive: ${error.message}.`, { cause: error });
      }
    },
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await poll[Symbol.asyncDispose]();
    },
  };
}

function shown(webhook: KeptWebhook | undefined): AuditWebhook {
  if (!webhook) return { url: "", hasSecret: false, filterActions: [] };
  return { url: webhook.url, hasSecret: webhook.secret !== undefined, filterActions: webhook.filterActions };
}

const mostCharacters = 2_048;
const mostFilters = 100;
const pattern = /^[\w-]+(?:\.[\w-]+)*(?:\.\*)?$/;

/** @throws {YardError} invalid */
function requireSound(wanted: AuditWebhookInput): AuditWebhookInput {
  const { secret = "", filterActions = [] } = wanted;
  if (filterActions.length > mostFilters || !filterActions.every((each) => each.length <= 100 && pattern.test(each)))
    throw fault("filterActions", `are ${mostFilters} actions at most, such as stack.deploy or stack.*`);
  if (secret.length > mostCharacters || /\p{Cc}/u.test(secret)) throw fault("secret", "is too long, or not one line");
  const text = wanted.url.trim();
  if (text === "") return { ...wanted, url: "" };
  const url = text.length > mostCharacters ? null : URL.parse(text);
  if (url === null || !["http:", "https:"].includes(url.protocol)) throw fault("url", "is no http or https address");
  if (url.username !== "" || url.password !== "") throw fault("url", "cannot hold a user or a password");
  url.hash = "";
  return { ...wanted, url: url.href };
}

function fault(field: string, what: string): YardError {
  return new YardError("invalid", what, { field });
}

function testEntry(at: number): LoggedEntry {
  const nothing = { actor_id: null, remote_address: null, request_id: null, previousHash: null };
  return {
    ...{ ...nothing, seq: 0, at, actor_name: "yard", api: "yard", action: "audit.webhook_test", target: "" },
    ...{ outcome: "done", details: "{}", hash: "" },
  };
}
