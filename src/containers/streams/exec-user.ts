/** As whom a command may run in a container. */
import { Type } from "typebox";
import { Compile } from "typebox/compile";
import type { Engine } from "../../platform/docker/engine.ts";
import { readEngineJson } from "../../platform/docker/engine-reply.ts";
import { YardError } from "../../platform/errors.ts";
import { requireContainerReference } from "./container-reference.ts";

const Owned = Compile(Type.Object({ Config: Type.Object({ User: Type.String() }) }));
/** Also with a group: `0:10`. */
const root = /^(?:0|root)?(?::.*)?$/;

/** A container's own user is anybody's who may run commands in it, and who begins as root may be whomever they like. Else another user may do what its makers
 *  have kept from it: to what it mounts of its host, too.
 *  @throws {YardError} forbidden, unless they may reach the host itself; not_found; as Engine.call */
export async function requireMayBe(
  engine: Engine,
  container: string,
  user: string,
  { mayReachHost }: { readonly mayReachHost: boolean },
): Promise<void> {
  requireContainerReference(container);
  if (mayReachHost) return;
  const found = await engine.call("look at the container", (docker, abortSignal) =>
    readEngineJson(docker, `/containers/${container}/json`, { abortSignal }),
  );
  if (!Owned.Check(found))
    throw new YardError("internal", "What the Docker engine says of a container cannot be read.");
  const { User: own } = found.Config;
  if (root.test(own) || user === own) return;
  throw new YardError(
    "forbidden",
    `The container's user is ${own}: for another one it takes the permission containers.host-access.`,
  );
}
