/** A yard on a Docker engine of the benchmark's own, and the engine itself, both reached by the same client. */
import { type DockerPeer, image, openDocker } from "./docker.ts";
import type { Bench } from "./figure.ts";
import { createHttpClient, type HttpClient } from "./http-client.ts";
import { openYard, type Yard } from "./yard.ts";

export interface FleetBench extends AsyncDisposable {
  readonly docker: DockerPeer;
  readonly yard: Yard;
  /** The engine's own API. */
  readonly engine: HttpClient;
  /** A container, made through the engine. @returns its id */
  create(name: string, command: readonly string[]): Promise<string>;
  start(id: string): Promise<void>;
}

/** Where Dockmesh's API begins. */
export const dockmesh = "/api/v1";
/** The engine's version of its API: the one that the yard speaks. */
export const engineApi = "/v1.41";

export async function openFleetBench(bench: Bench): Promise<FleetBench> {
  await using opened = new AsyncDisposableStack();
  const docker = opened.use(await openDocker(bench));
  const yard = opened.use(await openYard(bench, { settings: ["--docker-socket", docker.socketPath] }));
  const engine = opened.use(createHttpClient("http://docker", 16, bench.signal, docker.socketPath));
  const lifetime = opened.move();
  return {
    ...{ docker, yard, engine },
    async create(name, command) {
      const body = { Image: image, Cmd: command, HostConfig: { NetworkMode: "none" } };
      const made = await engine.call({ method: "POST", path: `${engineApi}/containers/create?name=${name}`, body });
      const { Id }: { Id: string } = JSON.parse(made.body.toString());
      return Id;
    },
    start: async (id) => void (await engine.call({ method: "POST", path: `${engineApi}/containers/${id}/start` })),
    [Symbol.asyncDispose]: () => lifetime.disposeAsync(),
  };
}
