/** Makes a service's container, with all its networks, and does not start it. */
import type Docker from "dockerode";
import type { Engine } from "../../platform/docker/engine.ts";
import { isYardError } from "../../platform/errors.ts";
import type { ComposeProject, ServiceSpec } from "../compose/project.ts";
import type { ContainerName } from "./containers.ts";
import { type ContainerFacts, createRequest, endpointsOf } from "./create-request.ts";
import { asRefusal } from "./refusals.ts";
import type { Step } from "./steps.ts";
import { findTwin, type Made } from "./twin.ts";

export interface ContainerMaker {
  /** @param name where it cannot have its own yet  @returns its id  @throws {YardError} precondition, for what the engine refuses of the file */
  make(facts: Omit<ContainerFacts, "project" | "directory">, name?: string): Promise<string>;
  /** To those of its service's networks that it is not connected to: whoever made it may have been cut off before. */
  connect(container: ContainerName, service: ServiceSpec, connected: readonly string[]): Promise<void>;
}

export interface MakerParts {
  readonly engine: Engine;
  readonly project: ComposeProject;
  readonly directory: string;
  readonly step: Step;
}

export function createContainerMaker({ engine, project, directory, step }: MakerParts): ContainerMaker {
  async function refusable<T>(service: ServiceSpec, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw asRefusal(error, `services.${service.name}`);
    }
  }

  async function create(request: Docker.ContainerCreateOptions): Promise<Made> {
    try {
      const { id } = await engine.call("make a container", (docker, abortSignal) =>
        docker.createContainer({ ...request, abortSignal }),
      );
      return { id, networks: Object.keys(request.NetworkingConfig?.EndpointsConfig ?? {}) };
    } catch (error) {
      const twin = isYardError(error, "conflict") ? await findTwin(engine, request) : undefined;
      if (twin) return twin;
      throw error;
    }
  }

  const connect: ContainerMaker["connect"] = async ({ id, name }, service, connected) => {
    for (const { network, settings } of endpointsOf(project, service)) {
      if (connected.includes(network)) continue;
      const options = { Container: id, EndpointConfig: settings };
      await step(`connect container ${name} to ${network}`, () =>
        refusable(service, () =>
          engine.call("connect a container", (docker) => docker.getNetwork(network).connect(options)),
        ),
      );
    }
  };

  return {
    connect,
    async make(facts, name) {
      const { service } = facts;
      const own = createRequest({ ...facts, project, directory });
      const request = { ...own, name: name ?? own.name };
      const { id, networks } = await step(`create container ${request.name}`, () =>
        refusable(service, () => create(request)),
      );
      await connect({ id, name: request.name }, service, networks);
      return id;
    },
  };
}
