/** What a container is doing, and where its page is. */
import type { Reply } from "../../api/operations.ts";
import { Status, type Tone } from "../../components/status.tsx";

export type Container = Reply<"GET /yard/v1/containers">["items"][number];

const tones: Readonly<Record<string, Tone>> = {
  running: "good",
  restarting: "warn",
  paused: "info",
  dead: "bad",
  removing: "warn",
};

/** Of the engine, where one that ended by itself with an error shows only in its text: "Exited (3) 2 minutes ago". */
const endedWrong = /^Exited \((?!0\)|137\)|143\))/;

export function ContainerStatus({ container }: { container: Pick<Container, "state" | "health" | "status"> }) {
  const { state, health, status } = container;
  if (state === "running" && health === "unhealthy") return <Status tone="bad">unhealthy</Status>;
  if (state === "running" && health === "starting") return <Status tone="info">starting</Status>;
  if (endedWrong.test(status)) return <Status tone="bad">{`exited ${/\((\d+)\)/.exec(status)?.[1] ?? ""}`}</Status>;
  return <Status tone={tones[state] ?? "calm"}>{state}</Status>;
}

export function placeOfContainer({ hostId, id }: Pick<Container, "hostId" | "id">): string {
  return `/containers/${encodeURIComponent(hostId)}/${encodeURIComponent(id.slice(0, 12))}`;
}
