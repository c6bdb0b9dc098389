/** Counts of containers in Dockmesh's words. */
import { type Static, Type } from "typebox";
import type { ContainerSummary as Summary } from "../../containers/container-summary.ts";

const counts = { total: Type.Integer(), running: Type.Integer(), unhealthy: Type.Integer() };

const Stack = Type.Object({
  ...counts,
  hosts: Type.Array(Type.String(), { description: "Ids" }),
  services: Type.Array(Type.String()),
});
type Stack = Static<typeof Stack>;

export const ContainerSummary = Type.Object({
  ...counts,
  stopped: Type.Integer({ description: "Exited, dead, or never started" }),
  by_stack: Type.Record(Type.String(), Stack),
});

export function summaryToWire({ byStack, ...counted }: Summary): Static<typeof ContainerSummary> {
  const stacks = [...byStack].map(([name, { hosts, services, ...own }]): [string, Stack] => {
    return [name, { ...own, hosts: [...hosts], services: [...services] }];
  });
  return { ...counted, by_stack: Object.fromEntries(stacks) };
}
