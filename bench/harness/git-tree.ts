import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Bench } from "./figure.ts";
import { openTemporaryDirectory } from "./temporary.ts";
import type { TreeFiles } from "./tree.ts";

/** The files as the first commit of a repository of its own, `base`, checked out. */
export interface GitTree extends AsyncDisposable {
  readonly path: string;
  run(...args: readonly string[]): Promise<void>;
  /** A branch of that name, made anew: the first commit and one with these files. It is checked out afterwards. */
  branch(name: string, files: TreeFiles): Promise<void>;
}

/** Nobody's own settings, and nothing that git would do besides. */
const settings = [
  "user.name=bench",
  "user.email=bench@localhost",
  "commit.gpgSign=false",
  "gc.auto=0",
  "core.hooksPath=/dev/null",
];
const environment = { GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_NOSYSTEM: "1", GIT_TERMINAL_PROMPT: "0" };

export async function openGitTree(bench: Bench, files: TreeFiles): Promise<GitTree> {
  const directory = await openTemporaryDirectory(bench, "git");
  const { path } = directory;
  const run = async (...args: readonly string[]): Promise<void> => {
    await using git = bench.children.start("git", [...settings.flatMap((setting) => ["-c", setting]), ...args], {
      cwd: path,
      env: { ...process.env, ...environment },
      stdio: ["ignore", "ignore", "inherit"],
    });
    const [code] = await once(git.process, "exit");
    if (code !== 0) throw new Error(`git ${args[0]} failed with ${code}`);
  };
  const commit = async (changed: TreeFiles): Promise<void> => {
    for (const [file, text] of changed) {
      await mkdir(dirname(join(path, file)), { recursive: true });
      await writeFile(join(path, file), text);
    }
    await run("add", "-A");
    await run("commit", "-q", "-m", "version");
  };
  await run("init", "-q", "-b", "base");
  await commit(files);
  return {
    ...{ path, run },
    async branch(name, changed) {
      await run("checkout", "-q", "-B", name, "base");
      await commit(changed);
    },
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
}
