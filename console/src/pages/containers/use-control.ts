/** What can be done to a container, each with the words for it. */
import { call } from "../../api/call.ts";
import { tell } from "../../components/toasts.tsx";
import { useAction } from "../../components/use-action.ts";
import type { Container } from "./container-state.tsx";

export type ControlledContainer = Pick<Container, "id" | "hostId" | "name">;

const controls = {
  start: { operation: "POST /api/v1/containers/{id}/start", done: "runs" },
  stop: { operation: "POST /api/v1/containers/{id}/stop", done: "is stopped" },
  restart: { operation: "POST /api/v1/containers/{id}/restart", done: "runs again" },
  pause: { operation: "POST /api/v1/containers/{id}/pause", done: "is paused" },
  unpause: { operation: "POST /api/v1/containers/{id}/unpause", done: "goes on" },
} as const;

export type Control = keyof typeof controls;

/** A container may take its grace period to stop. */
const controlTimeoutMs = 180_000;

export function useControl({ id, hostId, name }: ControlledContainer) {
  const [busy, run] = useAction();
  const control = (kind: Control): void =>
    run(`Could not ${kind} ${name}`, async () => {
      const { operation, done } = controls[kind];
      await call(operation, { path: { id }, query: { host: hostId } }, { timeoutMs: controlTimeoutMs });
      tell(`${name} ${done}`);
    });
  return { busy, run, control };
}
