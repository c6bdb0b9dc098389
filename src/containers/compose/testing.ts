/** For tests: a stack whose files are texts. */
import { isYardError } from "../../platform/errors.ts";
import { ComposeError } from "./faults.ts";
import { type LoadedProject, loadProject } from "./load-project.ts";

export interface StackTexts {
  readonly compose: string;
  readonly overlay?: string;
  readonly env?: string;
  readonly globalEnv?: Readonly<Record<string, string>>;
  /** Further files of the directory. */
  readonly files?: Readonly<Record<string, string>>;
}

const directory = "/stacks/web";

export function loadTexts({ compose, overlay, env, globalEnv = {}, files = {} }: StackTexts): Promise<LoadedProject> {
  return loadProject({
    name: "web",
    directory,
    files: [
      { path: `${directory}/compose.yaml`, text: compose },
      ...(overlay === undefined ? [] : [{ path: `${directory}/compose.prod.yaml`, text: overlay }]),
    ],
    ...(env !== undefined && { env: { path: `${directory}/.env`, text: env } }),
    globalEnv: new Map(Object.entries(globalEnv)),
    read: async (path) => files[path.slice(directory.length + 1)],
  });
}

/** One line for each fault; none if it loads. */
export async function faultsOf(texts: StackTexts): Promise<readonly string[]> {
  try {
    await loadTexts(texts);
    return [];
  } catch (error) {
    if (!(error instanceof ComposeError) || !isYardError(error, "precondition")) throw error;
    return error.message.split("\n").slice(1);
  }
}
