/** A Docker engine of the benchmark's own, which reaches no registry, with one image: the host's busybox. */
import { join } from "node:path";
import Docker from "dockerode";
import { startDocker } from "../../test/support/docker.ts";
import { makeBusyboxRoot } from "./busybox-root.ts";
import type { Bench } from "./figure.ts";
import { pidsByArgument } from "./processes.ts";
import { run } from "./run.ts";
import { openTemporaryDirectory } from "./temporary.ts";

export interface DockerPeer extends AsyncDisposable {
  readonly socketPath: string;
  /** Through its API: a container is created, started with `true`, and waited for. */
  live(): Promise<void>;
  /** `docker run --rm … true`. */
  runTrue(): Promise<void>;
  /** See TestDocker. */
  enterNetwork(): Disposable;
  /** A container that sleeps. */
  open(): Promise<Pick<Docker.Container, "pause" | "unpause">>;
  /** The engine's process. */
  readonly enginePid: number;
  /** Its command-line client, to its end. @throws {Error} unless that is 0 */
  cli(...args: readonly string[]): Promise<void>;
  /** What reaches the engine through that client. */
  readonly env: Readonly<Record<string, string>>;
}

/** What its containers are made of. */
export const image = "bench";
/** The engine has no bridge. */
const hostConfig = { NetworkMode: "none" } as const;

export async function openDocker(bench: Bench): Promise<DockerPeer> {
  await using opened = new AsyncDisposableStack();
  const directory = opened.use(await openTemporaryDirectory(bench, "docker"));
  const engine = opened.use(await startDocker());
  const docker = new Docker({ socketPath: engine.socketPath });
  const root = join(directory.path, "root");
  const archive = join(directory.path, "root.tar");
  await makeBusyboxRoot(root);
  await run(bench, "tar", ["-C", root, "-cf", archive, "."]);
  const env = { DOCKER_HOST: `unix://${engine.socketPath}`, HOME: directory.path };
  const cli: DockerPeer["cli"] = (...args) => run(bench, "docker", args, { env });
  await cli("import", archive, image);
  const [enginePid = 0] = pidsByArgument(`unix://${engine.socketPath}`);
  const lifetime = opened.move();

  return {
    socketPath: engine.socketPath,
    async live() {
      bench.signal.throwIfAborted();
      const container = await docker.createContainer({ Image: image, Cmd: ["true"], HostConfig: hostConfig });
      const ended = container.wait({ condition: "next-exit" });
      await container.start();
      const { StatusCode: code } = await ended;
      if (code !== 0) throw new Error(`true ended with ${code}`);
    },
    ...{ enginePid, cli, env },
    runTrue: () => cli("run", "--rm", "--network", hostConfig.NetworkMode, image, "true"),
    enterNetwork: () => engine.enterNetwork(),
    async open() {
      const container = await docker.createContainer({
        Image: image,
        Cmd: ["sleep", "1000000"],
        HostConfig: hostConfig,
      });
      await container.start();
      return container;
    },
    [Symbol.asyncDispose]: () => lifetime.disposeAsync(),
  };
}
