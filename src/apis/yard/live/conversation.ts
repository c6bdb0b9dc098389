/** What is said on one connection: which topics are wanted, and what has changed of them. Each topic gathers what changes while the last message is still on its
 *  way, so that whoever reads slowly is told less often, and never makes the server remember more. */
import { Type } from "typebox";
import { Compile } from "typebox/compile";
import { mergeChanges } from "../../../platform/bus/row-changes.ts";
import { createGathering } from "../../../platform/gathering.ts";
import type { SocketChannel } from "../../../platform/http/socket-channel.ts";
import { every } from "../../../platform/timers.ts";
import type { Viewer } from "../access.ts";
import type { LiveHub } from "./hub.ts";
import { type Topic, type TopicChange, topics } from "./topics.ts";

export interface ConversationParts {
  readonly channel: SocketChannel;
  readonly viewer: Viewer;
  readonly hub: Pick<LiveHub, "listen">;
  maySee(topic: Topic): boolean;
  now(): number;
  readonly times?: Partial<typeof usualTimes>;
}

const usualTimes = { pingMs: 15_000, intervalMs: 250 };
const mostChanges = 200;
/** Who sends more of what nobody understands is no client. */
const mostFaults = 20;
const policyViolation = 1008;

const Request = Compile(Type.Object({ subscribe: Type.Array(Type.String({ maxLength: 64 }), { maxItems: 64 }) }));

/** Returns when the client has left. */
export async function converse({ channel, viewer, hub, maySee, now, times }: ConversationParts): Promise<void> {
  const { pingMs, intervalMs } = { ...usualTimes, ...times };
  const send = (message: object) => channel.send(JSON.stringify(message));
  using subscriptions = new Subscriptions();
  await using _pings = every(pingMs, () => send({ ping: now() }));

  function subscribe(topic: Topic): Disposable {
    using opened = new DisposableStack();
    const gathering = opened.use(
      createGathering<TopicChange>({
        ...{ intervalMs, most: mostChanges, merge: mergeChanges },
        flush: (changes) =>
          send({
            topic,
            at: now(),
            ...(changes === "lost" ? { reset: true } : { changes: [...changes.values()] }),
          }),
      }),
    );
    opened.use(
      hub.listen(topic, viewer, (told) => {
        if (told === "lost") gathering.lose();
        else for (const change of told) gathering.add(`${change.hostId} ${change.id}`, change);
      }),
    );
    return opened.move();
  }

  let faults = 0;
  for await (const message of channel) {
    const wanted = typeof message === "string" ? parseRequest(message) : undefined;
    if (wanted === undefined) {
      if (++faults > mostFaults) return channel.close(policyViolation, "what was sent is no message of a client");
      await send({ error: `Send {"subscribe": [...]} with some of ${topics.join(", ")}.` });
      continue;
    }
    const known = topics.filter((topic) => wanted.includes(topic) && maySee(topic));
    subscriptions.keep(known, subscribe);
    await send({ subscribed: known, refused: wanted.filter((word) => !known.some((topic) => topic === word)) });
  }
}

function parseRequest(message: string): readonly string[] | undefined {
  try {
    const request: unknown = JSON.parse(message);
    return Request.Check(request) ? request.subscribe : undefined;
  } catch {
    return undefined;
  }
}

/** Those that are open, by topic. */
class Subscriptions {
  readonly #open = new Map<Topic, Disposable>();

  /** Those that were open already go on, and miss nothing. */
  keep(wanted: readonly Topic[], subscribe: (topic: Topic) => Disposable): void {
    for (const [topic, subscription] of this.#open) {
      if (wanted.includes(topic)) continue;
      this.#open.delete(topic);
      subscription[Symbol.dispose]();
    }
    for (const topic of wanted) if (!this.#open.has(topic)) this.#open.set(topic, subscribe(topic));
  }

  [Symbol.dispose](): void {
    this.keep([], () => ({ [Symbol.dispose]() {} }));
  }
}
