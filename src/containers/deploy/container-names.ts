/** How a service's containers are called. */
import type { ServiceSpec } from "../compose/project.ts";

export function containerName(project: string, service: ServiceSpec, number: number): string {
  return service.containerName ?? `${project}-${service.name}-${number}`;
}

/** Of a new container as long as the one that it replaces has its name. The way docker compose does it. */
export function incomingName(replacedId: string, name: string): string {
  return `${replacedId.slice(0, 12)}_${name}`;
}

/** Of a replaced container that is kept until its successor has proved itself. */
export function retiredName(id: string, name: string): string {
  return `${id.slice(0, 12)}_${name}_retired`;
}
