/** A container as a row: what its engine lists, in the yard's words. */
import { type Static, Type } from "typebox";
import { Compile } from "typebox/compile";
import { label } from "../../../containers/deploy/labels.ts";
import type { ContainerRow as EngineRow } from "../../../containers/inventory/container-row.ts";
import { Moment, OptionalText } from "./texts.ts";

export const hostColumns = {
  hostId: Type.String({ description: "As `?host=` of Dockmesh takes it" }),
  hostName: Type.String(),
};

export const ContainerRow = Type.Object({
  id: Type.String(),
  name: Type.String(),
  image: Type.String(),
  ...hostColumns,
  state: Type.String({ description: "The engine's word" }),
  status: Type.String({ description: "The engine's text" }),
  health: Type.Union([Type.Enum(["healthy", "unhealthy", "starting"]), Type.Null()]),
  stack: OptionalText,
  service: OptionalText,
  ports: Type.Array(Type.String()),
  createdAt: Moment,
});
export type ContainerRow = Static<typeof ContainerRow>;

export interface HostShown {
  readonly hostId: string;
  readonly hostName: string;
}

const EnginePorts = Compile(
  Type.Array(
    Type.Object({
      IP: Type.Optional(Type.String()),
      PrivatePort: Type.Number(),
      PublicPort: Type.Optional(Type.Number()),
      Type: Type.String(),
    }),
  ),
);

export function containerRow(row: EngineRow, host: HostShown): ContainerRow {
  const { Id: id, Image: image, State: state, Status: status, Created: created, Labels: labels } = row;
  return {
    ...{ id, image, ...host, state, status, name: (row.Names[0] ?? id).replace(/^\//, "") },
    health: healthIn(status),
    ...{ stack: labels[label.project] ?? null, service: labels[label.service] ?? null },
    ports: portsOf(row),
    createdAt: created * 1_000,
  };
}

/** Engines tell it in their text alone. */
function healthIn(status: string): ContainerRow["health"] {
  if (status.includes("(healthy)")) return "healthy";
  if (status.includes("(unhealthy)")) return "unhealthy";
  return status.includes("(health: starting)") ? "starting" : null;
}

/** An engine lists a port once for each address that it is published at. */
function portsOf({ Ports: ports }: EngineRow): string[] {
  if (!EnginePorts.Check(ports)) return [];
  const texts = ports.map(({ IP: ip = "", PrivatePort: inside, PublicPort: outside, Type: protocol }) => {
    if (outside === undefined) return `${inside}/${protocol}`;
    return `${ip.includes(":") ? `[${ip}]` : ip}:${outside}->${inside}/${protocol}`;
  });
  return [...new Set(texts)].sort();
}

export function textsOfContainer({ id, name, image, hostName, state, status, stack, service }: ContainerRow) {
  return [id, name, image, hostName, state, status, stack, service];
}
