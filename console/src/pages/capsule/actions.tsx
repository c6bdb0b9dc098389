/** Pausing, resuming and destroying a capsule. */
import { useLocation } from "wouter";
import { call } from "../../api/call.ts";
import { useSelf } from "../../api/use-self.ts";
import { Button } from "../../components/button.tsx";
import { confirm } from "../../components/confirm.tsx";
import { tell } from "../../components/toasts.tsx";
import { useAction } from "../../components/use-action.ts";
import { type Capsule, inTeam, isOver, keptByPause } from "../capsules/capsule.ts";

/** A machine's memory may have to be written or read first. */
const moveMs = 300_000;

export function CapsuleActions({ capsule, changed }: { capsule: Capsule; changed: () => void }) {
  const { id, status, keeps } = capsule;
  const options = { ...inTeam(capsule, useSelf()), timeoutMs: moveMs };
  const [busy, run] = useAction();
  const [, navigate] = useLocation();
  const path = { id };

  async function pause(): Promise<void> {
    const isSure =
      keeps !== "none" ||
      (await confirm({
        title: "Pause the capsule?",
        lost: "This kind of capsule keeps its files alone: what runs in it is ended.",
        action: "Pause",
      }));
    if (!isSure) return;
    await call("POST /v1/capsules/{id}/pause", { path }, options);
    changed();
  }
  async function resume(): Promise<void> {
    await call("POST /v1/capsules/{id}/resume", { path }, options);
    changed();
  }
  async function destroy(): Promise<void> {
    const isSure = await confirm({
      title: "Destroy the capsule?",
      lost: "What runs in it is killed, and all of its files are gone for good. Snapshots that were made of it stay.",
      action: "Destroy",
    });
    if (!isSure) return;
    await call("DELETE /v1/capsules/{id}", { path }, options);
    tell("The capsule is destroyed");
    navigate("/capsules");
  }

  return (
    <>
      {status === "running" && (
        <Button
          busy={busy}
          title={`A pause keeps ${keptByPause[keeps]}`}
          onClick={() => run("Could not pause the capsule", pause)}
        >
          Pause
        </Button>
      )}
      {(status === "paused" || status === "hibernated") && (
        <Button kind="primary" busy={busy} onClick={() => run("Could not resume the capsule", resume)}>
          Resume
        </Button>
      )}
      {!isOver(capsule) && (
        <Button busy={busy} onClick={() => run("Could not destroy the capsule", destroy)}>
          Destroy…
        </Button>
      )}
    </>
  );
}
