/** Images that containers are made of: those that the engine has not are pulled, each once however many services want it. */
import type { Engine } from "../../platform/docker/engine.ts";
import { isYardError, YardError } from "../../platform/errors.ts";
import type { ServiceSpec } from "../compose/project.ts";
import type { DockerHost } from "../docker-hosts.ts";
import type { ImagePulls } from "../image-pull.ts";
import type { Step } from "./steps.ts";

/** Makes an image be there. */
export type PullImage = ImagePulls["pull"];

export interface ImageParts {
  readonly host: DockerHost;
  readonly pull: PullImage;
  readonly step: Step;
  readonly signal: AbortSignal;
}

/** @returns the id of each image, by the reference that services have for it
 *  @throws {YardError} precondition, for one that cannot be had, naming the service */
export async function ensureImages(
  services: readonly ServiceSpec[],
  parts: ImageParts,
): Promise<ReadonlyMap<string, string>> {
  const byReference = [...Map.groupBy(services, ({ image }) => image)];
  const found = await Promise.all(
    byReference.map(async ([reference, users]) => [reference, await ensureImage(reference, users, parts)] as const),
  );
  return new Map(found);
}

async function ensureImage(
  reference: string,
  users: readonly ServiceSpec[],
  { host, pull, step, signal }: ImageParts,
): Promise<string> {
  const policies = users.map(({ pullPolicy }) => pullPolicy);
  const field = `services.${users[0]?.name}.image`;
  const before = policies.includes("always") ? undefined : await imageId(host.engine, reference);
  if (before !== undefined) return before;
  if (policies.every((policy) => policy === "never")) {
    throw new YardError("precondition", `The host has no image ${reference}, and it is not to be pulled.`, { field });
  }
  await step(`pull image ${reference}`, () => pull(host, reference, signal).catch(throwAs(reference, field)));
  const pulled = await imageId(host.engine, reference);
  if (pulled === undefined) throw new YardError("precondition", `There is no image ${reference}.`, { field });
  return pulled;
}

/** Whatever registry or network is in the way: without its image the file cannot be deployed. */
function throwAs(reference: string, field: string): (error: unknown) => never {
  return (error) => {
    if (!isYardError(error, "internal") && !isYardError(error, "precondition")) throw error;
    const message = error.message.includes(reference)
      ? error.message
      : `The image ${reference} cannot be pulled: ${error.message}`;
    throw new YardError("precondition", message, { cause: error, field });
  };
}

/** @returns undefined, where the host has none */
export async function imageId(engine: Engine, reference: string): Promise<string | undefined> {
  try {
    const { Id } = await engine.call("look at an image", (docker) => docker.getImage(reference).inspect());
    return Id;
  } catch (error) {
    if (isYardError(error, "not_found")) return undefined;
    if (isYardError(error, "invalid")) throw new YardError("precondition", error.message, { cause: error });
    throw error;
  }
}
