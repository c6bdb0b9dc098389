/** The connection to Redis: one, for all that uses it here, and made anew for as long as the yard lives.
 *
 *  | state | what happens | next |
 *  | --- | --- | --- |
 *  | connecting | the handshake and what `onConnect` asks for | connected, or waiting |
 *  | connected | every few seconds a ping; none answered in time, or the socket is closed | waiting |
 *  | waiting | backoff with jitter | connecting |
 *
 *  Nothing is queued while there is no connection: whoever uses Redis here can do without it for a while. */
import { setTimeout as delay } from "node:timers/promises";
import { createClient, type RedisClientType } from "redis";
import { backoffMs } from "../backoff.ts";
import type { Log } from "../log.ts";

/** A client of its own life: a broken one is never repaired, but replaced. */
export type RedisClient = RedisClientType;

export interface RedisConnection extends AsyncDisposable {
  /** Undefined while there is no connection. A command through it may still fail. */
  readonly client: RedisClient | undefined;
  /** Called with each new connection before others may use it, one after the other. If it rejects, the connection is given up and another
   *  one is made. If there is a connection already, it is called with that one first. */
  onConnect(prepare: (client: RedisClient) => Promise<void>): Promise<void>;
}

export interface RedisConnectionParts {
  /** `redis://` or `rediss://`, with user and password if there are any. */
  readonly url: string;
  readonly log: Pick<Log, "info" | "warn">;
  /** How often it is asked whether it is still there, and how long it may take to answer. */
  readonly pingMs?: number;
}

const backoff = { baseMs: 200, maxMs: 5_000 };
const spreadMs = 200;
const connectTimeoutMs = 3_000;
/** Commands that wait for their answer: beyond this a slow Redis gets no more of them. */
const mostCommands = 10_000;

/** Resolves after the first try, whether it has succeeded or not: a yard starts without Redis, too. */
export async function openRedis({ url, log, pingMs = 3_000 }: RedisConnectionParts): Promise<RedisConnection> {
  const closing = new AbortController();
  const prepares: ((client: RedisClient) => Promise<void>)[] = [];
  const location = locationOf(url);
  let client: RedisClient | undefined;

  /** Resolves with the reason when the connection is over; `tried` is called when it is known whether there will be one. */
  async function connectOnce(tried: (isConnected: boolean) => void): Promise<unknown> {
    const lost = Promise.withResolvers<unknown>();
    const fresh: RedisClient = createClient({
      url,
      name: "runyard",
      socket: { connectTimeout: connectTimeoutMs, reconnectStrategy: false },
      disableOfflineQueue: true,
      commandsQueueMaxLength: mostCommands,
      maintNotifications: "disabled",
    });
    fresh.on("error", lost.resolve);
    fresh.on("end", () => lost.resolve(new Error("the connection was closed")));
    const onClosing = () => lost.resolve(closing.signal.reason);
    closing.signal.addEventListener("abort", onClosing);
    try {
      await inTime(connectTimeoutMs, Promise.race([fresh.connect(), rejectWith(lost.promise)]));
      for (const prepare of prepares) await inTime(connectTimeoutMs, prepare(fresh));
      client = fresh;
      tried(true);
      using _pings = keepAsking(fresh, pingMs, lost.resolve);
      return await lost.promise;
    } catch (error) {
      return error;
    } finally {
      client = undefined;
      closing.signal.removeEventListener("abort", onClosing);
      if (fresh.isOpen) fresh.destroy();
    }
  }

  async function stayConnected(firstTry: () => void): Promise<void> {
    for (let failures = 0; !closing.signal.aborted; ) {
      const reason = await connectOnce((isConnected) => {
        if (isConnected && failures > 0) log.info({ redis: location }, "connected to Redis again");
        if (isConnected) failures = 0;
        firstTry();
      });
      firstTry();
      if (closing.signal.aborted) return;
      failures++;
      // Once for each time it is lost, not for each try.
      if (failures === 1)
        log.warn({ redis: location, err: reason }, "Redis is lost: other yards hear of changes later");
      // Never at once, and never all yards in the same moment: Redis may close a connection as soon as it is made.
      const waitMs = backoffMs(failures, backoff) + Math.random() * spreadMs;
      await delay(waitMs, undefined, { signal: closing.signal }).catch(() => {}); // aborted: closing
    }
  }

  const firstTry = Promise.withResolvers<void>();
  const life = stayConnected(firstTry.resolve);
  await firstTry.promise;

  return {
    get client() {
      return client?.isReady ? client : undefined;
    },
    async onConnect(prepare) {
      prepares.push(prepare);
      const current = client;
      if (current === undefined) return;
      await inTime(connectTimeoutMs, prepare(current)).catch(() => current.destroy()); // the next one prepares anew
    },
    async [Symbol.asyncDispose]() {
      closing.abort();
      await life;
    },
  };
}

/** Node tells of a socket whose far side has vanished without a word only after minutes. */
function keepAsking(client: RedisClient, pingMs: number, lost: (reason: unknown) => void): Disposable {
  const ask = () => {
    inTime(pingMs, client.ping()).then(() => {
      timer = setTimeout(ask, pingMs).unref();
    }, lost);
  };
  let timer = setTimeout(ask, pingMs).unref();
  return { [Symbol.dispose]: () => clearTimeout(timer) };
}

async function inTime<T>(timeoutMs: number, answer: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  using _timer = setTimeout(() => late.reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
  return await Promise.race([answer, late.promise]);
}

async function rejectWith(reason: Promise<unknown>): Promise<never> {
  throw await reason;
}

/** `host:port`, never user or password. */
function locationOf(url: string): string {
  return new URL(url).host;
}
