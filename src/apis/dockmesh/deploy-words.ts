/** Deployments, in Dockmesh's words. */
import { type Static, Type } from "typebox";
import type { DockerHosts } from "../../containers/docker-hosts.ts";
import { everywhere } from "../../containers/docker-hosts.ts";
import type { Deployment } from "../../containers/stacks/deployments.ts";
import type { DeployReport } from "../../containers/stacks/stack-deploys.ts";
import { isYardError, type YardError } from "../../platform/errors.ts";
import { WireError } from "./errors.ts";
import { hostToWire } from "./fan-out.ts";

export const StackPath = Type.Object({ name: Type.String({ description: "Of a stack" }) });

export const Ensured = Type.Array(Type.Object({ name: Type.String(), created: Type.Boolean() }));

export const DeployResult = Type.Object({
  stack: Type.String(),
  services: Type.Array(
    Type.Object({
      name: Type.String(),
      container_id: Type.String({ description: "Of its first container; empty where it is to have none" }),
      image: Type.String(),
    }),
  ),
  networks: Type.Optional(Ensured),
  volumes: Type.Optional(Ensured),
  dependencies_deployed: Type.Optional(
    Type.Array(Type.String(), { description: "Stacks that had to be deployed first" }),
  ),
  deployment_id: Type.Optional(Type.Integer({ description: "In the stack's history" })),
});

export const DeployHistoryEntry = Type.Object({
  id: Type.Integer(),
  stack_name: Type.String(),
  host_id: Type.String(),
  compose_yaml: Type.Optional(Type.String({ description: "As it was deployed, with its variables" })),
  services: Type.Optional(Type.Array(Type.Object({ service: Type.String(), image: Type.String() }))),
  note: Type.Optional(Type.String()),
  deployed_by: Type.Optional(Type.String({ description: "A user's id" })),
  deployed_by_name: Type.Optional(Type.String()),
  deployed_at: Type.String({ format: "date-time" }),
});

export function deployResultToWire(report: DeployReport): Static<typeof DeployResult> {
  return {
    stack: report.stack,
    services: report.services.map(({ name, containerId, image }) => ({ name, container_id: containerId, image })),
    networks: [...report.networks],
    volumes: [...report.volumes],
    dependencies_deployed: [...report.dependenciesDeployed],
    deployment_id: report.deploymentId,
  };
}

export function deployedAt({ endedAt, startedAt }: Deployment): string {
  return new Date(endedAt ?? startedAt).toISOString();
}

/** Without its file, which lists leave out. */
export function deploymentToWire(one: Deployment, hosts: Pick<DockerHosts, "list">): Static<typeof DeployHistoryEntry> {
  const host = hosts.list(everywhere).find(({ id }) => id === one.hostId);
  return {
    ...{ id: one.id, stack_name: one.stack, deployed_at: deployedAt(one), services: [...one.services] },
    host_id: host ? hostToWire(host).host_id : one.hostId,
    ...(one.note !== undefined && { note: one.note }),
    ...(one.userId !== undefined && { deployed_by: one.userId }),
    ...(one.userName !== undefined && { deployed_by_name: one.userName }),
  };
}

/** What another stack failed at has a status of its own; that an engine fails, or a container does not come up, is told as it is and is no fault of the server. */
export async function deploying<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw isYardError(error) ? asWireError(error) : error;
  }
}

function asWireError(error: YardError): YardError {
  const { code, message, field, details } = error;
  if (details?.dependency !== undefined) return new WireError(code, message, { status: 424, cause: error });
  return code === "internal" ? new WireError("unavailable", message, { status: 500, field, cause: error }) : error;
}
