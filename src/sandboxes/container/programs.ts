/** Programs in containers of images of their own: what `docker run` does, with what the driver does for all of its sandboxes. */
import type { Engine } from "../../platform/docker/engine.ts";
import type { LocalSandbox, ProcessSpec } from "../sandbox.ts";
import { ensureImage } from "./images.ts";
import type { ContainerSandboxes, OwnContainer } from "./sandboxes.ts";

export interface ProgramContainer extends OwnContainer {
  readonly image: string;
}

export interface ContainerPrograms {
  /** The container and, of what it is asked to run there, what the image has to say of it. The same id again is the same container.
   *  @throws {YardError} invalid, precondition, interrupted, unavailable */
  create(container: ProgramContainer, options: { readonly signal: AbortSignal }): Promise<MadeContainer>;
}

export interface MadeContainer {
  readonly sandbox: LocalSandbox;
  /** As the engine calls the container. */
  readonly name: string;
  /** Of a command that is empty the image knows its own; of what is not said, too. */
  complete(program: Program): Program;
}

export type Program = Pick<ProcessSpec, "argv" | "cwd" | "user">;

export function createContainerPrograms(
  engine: Engine,
  sandboxes: Pick<ContainerSandboxes, "createOf" | "nameOf">,
): ContainerPrograms {
  return {
    async create({ image: name, ...container }, { signal }) {
      const image = await ensureImage(engine, name, signal);
      return {
        name: sandboxes.nameOf(container.id),
        sandbox: await sandboxes.createOf(image, container),
        complete: ({ argv, cwd, user }) => ({
          argv: [...image.entrypoint, ...(argv.length > 0 ? argv : image.command)],
          cwd: cwd ?? image.workingDirectory,
          user: user ?? (image.user || undefined),
        }),
      };
    },
  };
}
