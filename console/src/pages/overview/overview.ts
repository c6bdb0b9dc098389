/** What the overview shows, as the yard tells it. */
import type { Reply } from "../../api/operations.ts";

export type Overview = Reply<"GET /yard/v1/overview">;
export type WrongItem = Overview["wrong"]["items"][number];
export type YardEvent = NonNullable<Overview["happened"]>[number];

/** Whether nobody has made anything yet. What the caller may not see counts as nothing. */
export function isNew({ runs: { apps, capsules, tasks, executions, stacks } }: Overview): boolean {
  const kinds = [apps, capsules, stacks, tasks, executions];
  return kinds.every((counts) => Object.values(counts ?? {}).every((count) => count === 0));
}
