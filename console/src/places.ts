/** Where in the console a thing is shown. */

interface Thing {
  readonly kind: string;
  readonly id: string;
  readonly name: string;
  /** Of a container, as Dockmesh takes it. */
  readonly hostId?: string;
}

/** @returns undefined for kinds that have no page */
export function placeOf({ kind, id, name, hostId = "local" }: Thing): string | undefined {
  const [idPart, namePart, hostPart] = [id, name, hostId].map(encodeURIComponent);
  const places: Readonly<Record<string, string>> = {
    app: `/apps/${namePart}`,
    capsule: `/capsules/${idPart}`,
    task: `/tasks/${idPart}`,
    execution: `/scripts/${idPart}`,
    heap: `/scripts/memory?heap=${idPart}`,
    stack: `/stacks/${namePart}`,
    container: `/containers/${hostPart}/${idPart}`,
    host: `/hosts/${idPart}`,
    disk: `/hosts/${idPart}`,
    engine: `/hosts/${idPart}`,
    user: `/users?search=${namePart}`,
    alert: "/alerts",
    doctor: "/doctor",
  };
  return Object.hasOwn(places, kind) ? places[kind] : undefined;
}
