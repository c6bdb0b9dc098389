/** By what the yards that share a database hear of each other, and Mitosis' clients and workers of tasks. */
import { noRedisAccess, openRedisAccess, type RedisAccess } from "../apis/mitosis/redis-access.ts";
import type { Config } from "../config.ts";
import { type Bus, createBus } from "../platform/bus/bus.ts";
import { openRedisBus } from "../platform/bus/redis-bus.ts";
import { type Topics, topicSchemas } from "../platform/bus/topics.ts";
import { deriveKey } from "../platform/crypto/secrets.ts";
import type { Log } from "../platform/log.ts";
import type { RedisConnection } from "../platform/redis/connection.ts";

interface BusParts {
  readonly redis: RedisConnection | undefined;
  readonly masterKey: Uint8Array;
  readonly log: Log;
}

export async function openRedisIfAny({ redisUrl: url }: Config, log: Log): Promise<RedisConnection | undefined> {
  if (url === undefined) return undefined;
  // Its 700 modules are for those who have one.
  const { openRedis } = await import("../platform/redis/connection.ts");
  return openRedis({ url, log });
}

/** The channel's name follows from the master key: the same for the replicas of a yard, another one for any other yard. */
export async function openBus({ redis, masterKey, log }: BusParts): Promise<Bus<Topics>> {
  const onError = (error: unknown, topic: string) => log.error({ err: error, topic }, "a listener failed");
  if (redis === undefined) return createBus<Topics>({ onError });
  const channel = `runyard:${deriveKey(masterKey, "bus channel").toString("hex", 0, 8)}`;
  return openRedisBus<Topics>({ redis, channel, schemas: topicSchemas, onError });
}

export async function openPeersRedis(config: Config, { redis, masterKey, log }: BusParts): Promise<RedisAccess> {
  const { redisUrl: url, mitosisRedis } = config;
  if (redis === undefined || url === undefined || !mitosisRedis.enabled) return noRedisAccess;
  return openRedisAccess({ redis, url, address: mitosisRedis.address, masterKey, log });
}
