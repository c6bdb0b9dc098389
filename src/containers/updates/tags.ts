/** Further names of images, by which they are kept. */
import { isYardError } from "../../platform/errors.ts";
import type { DockerHost } from "../docker-hosts.ts";

export async function tagImage({ engine }: DockerHost, image: string, reference: string): Promise<void> {
  const colon = reference.lastIndexOf(":");
  const hasTag = colon > reference.lastIndexOf("/");
  const [repo, tag] = hasTag ? [reference.slice(0, colon), reference.slice(colon + 1)] : [reference, "latest"];
  await engine.call("name the image", (docker, abortSignal) => docker.getImage(image).tag({ repo, tag, abortSignal }));
}

/** One that is in use, or gone, is left alone. */
export async function untagImage({ engine }: DockerHost, reference: string): Promise<void> {
  try {
    await engine.call("remove an old image", (docker, abortSignal) =>
      docker.getImage(reference).remove({ abortSignal }),
    );
  } catch (error) {
    if (!isYardError(error, "not_found") && !isYardError(error, "conflict")) throw error;
  }
}
