/** The command line as programs to download: one file for each platform it was built for, in a directory of the yard's data. `npm run build:cli`
 *  puts there the one of its own platform; those of others come from machines of theirs. */
import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import type { Platform, Program, Programs } from "./apis/mcpv8/programs.ts";
import { errnoOf } from "./platform/errors.ts";

const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;

/** Read at a time. */
const partBytes = 1024 ** 2;

/** Node's names of the platforms that there are programs for. */
const platforms: Readonly<Record<string, Platform>> = {
  "linux-x64": "linux-x86_64",
  "linux-arm64": "linux-aarch64",
  "darwin-arm64": "macos-aarch64",
};

/** The one that this process runs on. */
export function hostPlatform(): Platform | undefined {
  return platforms[`${process.platform}-${process.arch}`];
}

export function programDirectory(dataDirectory: string): string {
  return join(dataDirectory, "programs");
}

/** A program of another version is not offered: a yard tells but one. */
export function programName({ platform, version }: { platform: Platform; version: string }): string {
  return `runyard-${version}-${platform}`;
}

/** @param directory need not exist */
export function createPrograms({ directory, version }: { directory: string; version: string }): Programs {
  return {
    async open(platform): Promise<Program | undefined> {
      const path = join(directory, programName({ platform, version }));
      await using opening = new AsyncDisposableStack();
      const handle = opening.use(await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK).catch(noneThere));
      if (handle === undefined) return undefined;
      const status = await handle.stat({ bigint: true });
      if (!status.isFile()) return undefined;
      const lifetime = opening.move();
      return {
        bytes: Number(status.size),
        modifiedNs: status.mtimeNs,
        read: ({ start, length }) =>
          handle.createReadStream({ start, end: start + length - 1, highWaterMark: partBytes, autoClose: false }),
        [Symbol.asyncDispose]: () => lifetime.disposeAsync(),
      };
    },
  };
}

function noneThere(error: unknown): undefined {
  if (errnoOf(error) === "ENOENT" || errnoOf(error) === "ELOOP") return undefined;
  throw error;
}
