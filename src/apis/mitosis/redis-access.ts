/** What Mitosis' own clients and workers may do in Redis: tell each other how far a task is, under keys and channels of one name, and nothing
 *  else. The coordinator only lets them in. */
import { deriveKey } from "../../platform/crypto/secrets.ts";
import type { Log } from "../../platform/log.ts";
import { type AclUser, keepAclUsers } from "../../platform/redis/acl-users.ts";
import type { RedisConnection } from "../../platform/redis/connection.ts";

export type RedisPeer = "client" | "worker";

export interface RedisAccess {
  /** With user and password, for one that has proved who it is. Null: there is no Redis for it. */
  urlFor(peer: RedisPeer): string | null;
}

export interface RedisAccessParts {
  readonly redis: RedisConnection;
  /** That of the connection; peers get its scheme and, unless `address` says otherwise, its host and port. */
  readonly url: string;
  /** `host:port` under which peers reach it. */
  readonly address?: string;
  readonly masterKey: Uint8Array;
  readonly log: Pick<Log, "warn">;
}

export const noRedisAccess: RedisAccess = { urlFor: () => null };

const names = { client: "mitosis_client", worker: "mitosis_worker" } as const satisfies Record<RedisPeer, string>;
const tasks = ["~task:*", "&task:*", "+@read", "+@pubsub", "+@connection"];
/** What is dangerous is taken away last: it is among what was granted. */
const rules = {
  client: [...tasks, "-@dangerous"],
  worker: [...tasks, "+@write", "-@dangerous"],
} as const satisfies Record<RedisPeer, readonly string[]>;
const peers = ["client", "worker"] as const;

export async function openRedisAccess({ redis, url, address, masterKey, log }: RedisAccessParts): Promise<RedisAccess> {
  const users = { client: userOf("client", masterKey), worker: userOf("worker", masterKey) };
  const written = await keepAclUsers({ redis, users: peers.map((peer) => users[peer]), log });
  return { urlFor: (peer) => (written.areWritten ? urlOf(users[peer], url, address) : null) };
}

/** All replicas derive the same password, so that none takes away what another has given. 64 hex digits. */
function userOf(peer: RedisPeer, masterKey: Uint8Array): AclUser {
  const name = names[peer];
  return { name, password: deriveKey(masterKey, `redis user ${name}`).toString("hex"), rules: rules[peer] };
}

function urlOf({ name, password }: AclUser, connection: string, address: string | undefined): string {
  const { protocol, host, pathname } = new URL(connection);
  const database = /^\/\d+$/.test(pathname) ? pathname : "/";
  return `${protocol}//${name}:${password}@${address ?? withPort(host)}${database}?protocol=resp3`;
}

function withPort(host: string): string {
  return /:\d+$/.test(host) ? host : `${host}:6379`;
}
