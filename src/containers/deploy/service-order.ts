/** In which order services come up: after those that they wait for. */
import type { ComposeProject, ServiceSpec } from "../compose/project.ts";

/** Each after those that it waits for; otherwise by name. The file has been checked: nobody waits for itself. */
export function inOrder(project: ComposeProject): readonly ServiceSpec[] {
  const ordered = new Set<ServiceSpec>();
  function visit(name: string): void {
    const service = project.services.get(name);
    if (!service || ordered.has(service)) return;
    for (const needed of [...service.dependsOn.keys()].toSorted()) visit(needed);
    ordered.add(service);
  }
  for (const name of [...project.services.keys()].toSorted()) visit(name);
  return [...ordered];
}

/** Services whose containers this one's enter: it is made anew whenever they are. It waits for them, too. */
export function sharedServices({ networkMode, pid, ipc }: ServiceSpec): readonly string[] {
  return [networkMode, pid, ipc].flatMap((mode) => (mode?.startsWith("service:") ? [mode.slice(8)] : []));
}
