/** Users that Redis shall have, with exactly these rights: written at each new connection, because Redis forgets them with its memory. */
import type { Log } from "../log.ts";
import type { RedisConnection } from "./connection.ts";

export interface AclUser {
  readonly name: string;
  readonly password: string;
  /** As Redis writes them: `~keys:*`, `&channels:*`, `+@read`, `-@dangerous`. All that is not named is refused. */
  readonly rules: readonly string[];
}

export interface AclUsers {
  /** Whether Redis has taken them; from then on they are taken to be there. */
  readonly areWritten: boolean;
}

/** Resolves after the first try. A Redis that refuses them (our own user may not change users) is told of in the log. */
export async function keepAclUsers({
  redis,
  users,
  log,
}: {
  redis: RedisConnection;
  users: readonly AclUser[];
  log: Pick<Log, "warn">;
}): Promise<AclUsers> {
  let areWritten = false;
  await redis.onConnect(async (client) => {
    try {
      // `reset` and the rules come in one command, which Redis carries out as a whole: nobody is without rights in between.
      for (const { name, password, rules } of users)
        await client.aclSetUser(name, ["reset", "on", `>${password}`, ...rules]);
      areWritten = true;
    } catch (error) {
      log.warn({ err: error, users: users.map(({ name }) => name) }, "Redis did not take its users");
    }
  });
  return {
    get areWritten() {
      return areWritten;
    },
  };
}
