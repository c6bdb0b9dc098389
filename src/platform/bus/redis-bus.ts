/** The bus between the yards that share a database, over Redis' publish and subscribe: on one channel for each yard, so that several may
 *  share a Redis.
 *
 *  The listeners of this process are called first and at once, and never wait for Redis. What others publish is a hint to look again, and no more:
 *  it may be lost with Redis, so all that follows it reads the database again within seconds anyway. */
import { randomUUID } from "node:crypto";
import { type TSchema, Type } from "typebox";
import { Compile } from "typebox/compile";
import type { RedisConnection } from "../redis/connection.ts";
import { type Bus, createBus, type Json } from "./bus.ts";

export interface RedisBusParts<Topics> {
  readonly redis: RedisConnection;
  /** The same for all replicas of one yard, and no other's. */
  readonly channel: string;
  /** What events of other processes must look like; others are ignored. */
  readonly schemas: { readonly [Topic in keyof Topics]: TSchema };
  readonly onError: (error: unknown, topic: keyof Topics | "resync") => void;
}

/** An event with its topic, or the news that its sender may have lost some. */
const envelope = Compile(
  Type.Object({
    from: Type.String(),
    topic: Type.Optional(Type.String()),
    event: Type.Optional(Type.Unknown()),
    resync: Type.Optional(Type.Boolean()),
  }),
);

/** Redis belongs to whoever opened it. */
export async function openRedisBus<Topics extends { [Topic in keyof Topics]: Json }>({
  redis,
  channel,
  schemas,
  onError,
}: RedisBusParts<Topics>): Promise<Bus<Topics>> {
  const local = createBus<Topics>({ onError });
  const checks = compileAll(schemas);
  const self = randomUUID();
  let hasLost = false;

  /** Fails for nobody: what cannot be told now is told as a whole when Redis is back. */
  function send(message: { readonly [key: string]: Json }): void {
    const { client } = redis;
    if (client === undefined) hasLost = true;
    else
      client.publish(channel, JSON.stringify({ from: self, ...message })).catch(() => {
        hasLost = true;
      });
  }

  function receive(text: string): void {
    const message = parse(text);
    if (!envelope.Check(message) || message.from === self) return;
    if (message.resync) local.resync();
    const { topic, event } = message;
    if (topic !== undefined && isTopic(topic) && checks.get(topic)!.Check(event)) {
      void local.publish(topic, event as Topics[typeof topic]);
    }
  }

  const isTopic = (topic: string): topic is keyof Topics & string => checks.has(topic);

  await redis.onConnect(async (client) => {
    await client.subscribe(channel, receive);
    if (hasLost) await client.publish(channel, JSON.stringify({ from: self, resync: true }));
    hasLost = false;
    local.resync();
  });

  return {
    async publish(topic, event) {
      await local.publish(topic, event);
      send({ topic: String(topic), event });
    },
    subscribe: local.subscribe,
    onResync: local.onResync,
  };
}

function compileAll(schemas: { readonly [topic: string]: TSchema }) {
  return new Map(Object.entries(schemas).map(([topic, schema]) => [topic, Compile(schema)]));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
