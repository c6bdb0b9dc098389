/** Containers of a tests' engine, out of an image that has nothing but busybox. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { Readable } from "node:stream";
import { after, before } from "node:test";
import type Docker from "dockerode";
import { pack } from "tar-stream";
import { type Engine, openEngine } from "../../src/platform/docker/engine.ts";
import { startDocker, type TestDocker } from "./docker.ts";

export const busyboxImage = "busybox:test";

export interface TestContainers extends AsyncDisposable {
  readonly engine: Engine;
  /** Made and started. @returns its id */
  run(name: string, command: readonly string[], options?: Docker.ContainerCreateOptions): Promise<string>;
  /** With all that runs in it. */
  remove(name: string): Promise<void>;
  /** Of the processes in it, their command lines. */
  processes(name: string): Promise<readonly string[]>;
}

/** An engine of a suite's own, from its first test to its last. */
export interface TestEngine {
  readonly docker: TestDocker;
  readonly containers: TestContainers;
}

/** To be called in a suite. */
export function useTestEngine(): TestEngine {
  const opened: { docker?: TestDocker; containers?: TestContainers } = {};
  before(async () => {
    opened.docker = await startDocker();
    opened.containers = await openTestContainers(opened.docker.socketPath);
  });
  after(async () => {
    await opened.containers?.[Symbol.asyncDispose]();
    await opened.docker?.[Symbol.asyncDispose]();
  });
  return {
    get docker() {
      return opened.docker ?? assert.fail("the suite's engine has not started");
    },
    get containers() {
      return opened.containers ?? assert.fail("the suite's engine has not started");
    },
  };
}

/** Imports the image; containers end with their engine. */
export async function openTestContainers(socketPath: string): Promise<TestContainers> {
  const engine = openEngine({ socketPaths: [socketPath] });
  await importBusybox(engine);
  return {
    engine,
    async run(name, command, options = {}) {
      return engine.call("run a test's container", async (docker) => {
        const HostConfig = { NetworkMode: "none", ...options.HostConfig };
        const container = await docker.createContainer({
          ...{ name, Image: busyboxImage, Cmd: [...command] },
          ...{ ...options, HostConfig },
        });
        await container.start();
        return container.id;
      });
    },
    remove: (name) =>
      engine.call("remove a test's container", (docker) => docker.getContainer(name).remove({ force: true })),
    processes: (name) =>
      engine.call("list processes", async (docker) => {
        const { Titles, Processes } = await docker.getContainer(name).top();
        const at = Titles.findIndex((title: string) => title === "CMD" || title === "COMMAND");
        return Processes.map((columns: readonly string[]) => columns[at] ?? "");
      }),
    [Symbol.asyncDispose]: () => engine[Symbol.asyncDispose](),
  };
}

async function importBusybox(engine: Engine): Promise<void> {
  const path = execFileSync("sh", ["-c", "command -v busybox"], { encoding: "utf8" }).trim();
  const applets = execFileSync(path, ["--list"], { encoding: "utf8" }).trim().split("\n");
  const archive = pack();
  archive.entry({ name: "bin/busybox", mode: 0o755 }, readFileSync(path));
  for (const applet of applets.filter((name) => name !== "busybox")) {
    archive.entry({ name: `bin/${applet}`, type: "symlink", linkname: "busybox" });
  }
  archive.entry({ name: "tmp", type: "directory", mode: 0o1777 });
  archive.finalize();
  const [repo, tag] = busyboxImage.split(":");
  await engine.call("import the tests' image", async (docker) => {
    const changes = ["ENV PATH=/bin"];
    const progress = await docker.importImage(Readable.from(archive), { repo, tag, changes });
    await new Promise<void>((resolve, reject) => {
      docker.modem.followProgress(progress, (error) => (error ? reject(error) : resolve()));
    });
  });
}
