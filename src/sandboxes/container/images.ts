/** Images by the names that registries have them by, and what they say of their own programs. */
import type { Engine } from "../../platform/docker/engine.ts";
import { isYardError, YardError } from "../../platform/errors.ts";

export interface EngineImage {
  /** Its id: the name may come to be another image's. */
  readonly reference: string;
  /** As NAME=value. */
  readonly env: readonly string[];
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  /** Empty: root. */
  readonly user: string;
  readonly workingDirectory: string;
}

const pullMs = 60 * 60_000;
const name = /^[a-z0-9][\w./:@-]{0,511}$/i;

/** Fetches it from its registry, if the engine has it not.
 *  @throws {YardError} invalid (`image`); precondition, where there is none that can be had; interrupted, by the signal; unavailable */
export async function ensureImage(engine: Engine, image: string, signal: AbortSignal): Promise<EngineImage> {
  if (!name.test(image)) throw new YardError("invalid", `${image} is no name of an image.`, { field: "image" });
  const there = await inspect(engine, image);
  if (there) return there;
  await pull(engine, image, signal);
  const fetched = await inspect(engine, image);
  if (fetched) return fetched;
  throw new YardError("precondition", `The image ${image} is gone again.`, { field: "image" });
}

async function inspect(engine: Engine, image: string): Promise<EngineImage | undefined> {
  try {
    const { Id, Config } = await engine.call("look at the image", (docker) => docker.getImage(image).inspect());
    return {
      ...{ reference: Id, env: Config.Env ?? [], command: Config.Cmd ?? [], entrypoint: wordsOf(Config.Entrypoint) },
      ...{ user: Config.User ?? "", workingDirectory: Config.WorkingDir || "/" },
    };
  } catch (error) {
    if (isYardError(error, "not_found")) return undefined;
    throw error;
  }
}

function wordsOf(entrypoint: string | readonly string[] | undefined | null): readonly string[] {
  return typeof entrypoint === "string" ? [entrypoint] : (entrypoint ?? []);
}

async function pull(engine: Engine, image: string, signal: AbortSignal): Promise<void> {
  const hasTag = image.includes("@") || image.lastIndexOf(":") > image.lastIndexOf("/");
  try {
    await engine.call(
      "fetch the image",
      async (docker, abortSignal) => {
        const progress = await docker.pull(hasTag ? image : `${image}:latest`, {
          abortSignal: AbortSignal.any([abortSignal, signal]),
        });
        await new Promise<void>((resolve, reject) => {
          docker.modem.followProgress(progress, (error) => (error ? reject(error) : resolve()));
        });
      },
      { timeoutMs: pullMs },
    );
  } catch (error) {
    if (signal.aborted) throw new YardError("interrupted", `The image ${image} is not wanted any more.`);
    const said = error instanceof Error ? error.message : String(error);
    throw new YardError("precondition", `The image ${image} cannot be had: ${said}`, { field: "image", cause: error });
  }
}
