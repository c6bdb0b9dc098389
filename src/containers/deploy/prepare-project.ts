/** What every change of a project begins with: whether it can be done at all, and what is there. Changes nothing. */
import { YardError } from "../../platform/errors.ts";
import type { ServiceSpec } from "../compose/project.ts";
import { type ActualState, readActualState } from "./actual-state.ts";
import { type Containers, createContainers } from "./containers.ts";
import { createRequest } from "./create-request.ts";
import { type ContainerMaker, createContainerMaker } from "./make-container.ts";
import { confineProject } from "./project-confines.ts";
import { inOrder } from "./service-order.ts";
import type { DeployTarget, DeployTools } from "./target.ts";

export interface PreparedProject {
  /** All services, each after those that it needs. */
  readonly order: readonly ServiceSpec[];
  readonly actual: ActualState;
  readonly maker: ContainerMaker;
  readonly containers: Containers;
}

/** @throws {YardError} precondition, forbidden, unavailable */
export async function prepareProject(
  target: DeployTarget,
  { step }: Pick<DeployTools, "step">,
): Promise<PreparedProject> {
  const { project, directory } = target;
  const { engine } = target.host;
  const order = inOrder(project);
  for (const service of order) checkReplicas(service);
  const actual = await readActualState(engine, project);
  if (target.isConfined) confineProject(project, actual, requestsOf(target));
  const maker = createContainerMaker({ engine, project, directory, step });
  return { order, actual, maker, containers: createContainers(engine, step) };
}

/** What the engine would be asked for, were everything made anew. */
function requestsOf({ project, directory }: DeployTarget) {
  return [...project.services.values()].map((service) => {
    const facts = { project, service, number: 1, configHash: "", directory };
    return { service, request: createRequest(facts) };
  });
}

function checkReplicas({ name, containerName, replicas }: ServiceSpec): void {
  if (containerName === undefined || replicas <= 1) return;
  throw new YardError("precondition", `${replicas} containers cannot all be called ${containerName}.`, {
    field: `services.${name}.container_name`,
  });
}
