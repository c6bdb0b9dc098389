/** Opens the directories of stacks, out of the yard's settings. */
import type { Config } from "../config.ts";
import { openStackFiles, type StackFilesParts } from "../containers/stacks/open-stack-files.ts";
import type { StackFiles } from "../containers/stacks/stack-files.ts";
import type { DataDirectory } from "../platform/data-directory.ts";

interface StackFilesSources extends Omit<StackFilesParts, "root" | "keyDirectory"> {
  readonly config: Pick<Config, "stacks">;
  readonly data: Pick<DataDirectory, "keys">;
}

export function openStackDirectories({ config, data, ...sources }: StackFilesSources): Promise<StackFiles> {
  return openStackFiles({ ...sources, root: config.stacks.directory, keyDirectory: data.keys });
}
