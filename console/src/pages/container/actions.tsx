/** Starting, stopping, freezing, killing, updating and removing a container. */
import { useState } from "react";
import { useLocation } from "wouter";
import { call } from "../../api/call.ts";
import { useMay } from "../../api/use-self.ts";
import { Button } from "../../components/button.tsx";
import { confirm } from "../../components/confirm.tsx";
import { type MenuAction, MoreMenu } from "../../components/more-menu.tsx";
import { tell } from "../../components/toasts.tsx";
import { placeOfContainer } from "../containers/container-state.tsx";
import { useControl } from "../containers/use-control.ts";
import type { SeenContainer } from "./seen-container.ts";
import { Updates } from "./updates.tsx";

export function ContainerActions({ container, changed }: { container: SeenContainer; changed: () => void }) {
  const { id, hostId, name, state } = container;
  const { busy, run, control } = useControl(container);
  const [hasUpdates, setUpdates] = useState(false);
  const [, navigate] = useLocation();
  const mayControl = useMay("containers.control");
  if (!mayControl) return null;
  const at = { path: { id }, query: { host: hostId } };
  const isUp = state === "running" || state === "restarting";

  async function kill(): Promise<void> {
    const isSure = await confirm({
      title: `Kill ${name}?`,
      lost: "Its processes end at once, without a chance to save anything.",
      action: "Kill",
    });
    if (!isSure) return;
    await call("POST /api/v1/containers/{id}/kill", { ...at, body: { signal: "SIGKILL" } });
    tell(`${name} is killed`);
    changed();
  }
  async function remove(): Promise<void> {
    const isSure = await confirm({
      title: `Remove ${name}?`,
      lost: `${isUp ? "It is killed. " : ""}What it has written outside of volumes, and all that it has printed, will be gone. Named volumes stay.`,
      action: "Remove",
    });
    if (!isSure) return;
    await call("DELETE /api/v1/containers/{id}", { ...at, query: { host: hostId, force: "true" } });
    tell(`${name} is removed`);
    navigate("/containers");
  }

  const more: readonly MenuAction[] = [
    ...(state === "running" ? [{ title: "Pause", act: () => control("pause") }] : []),
    { title: "Update…", act: () => setUpdates(true) },
    ...(isUp ? [{ title: "Kill…", act: () => run(`Could not kill ${name}`, kill) }] : []),
    { title: "Remove…", act: () => run(`Could not remove ${name}`, remove) },
  ];
  return (
    <>
      {state === "paused" && (
        <Button kind="primary" busy={busy} onClick={() => control("unpause")}>
          Go on
        </Button>
      )}
      {isUp && (
        <>
          <Button busy={busy} onClick={() => control("restart")}>
            Restart
          </Button>
          <Button busy={busy} onClick={() => control("stop")}>
            Stop
          </Button>
        </>
      )}
      {!isUp && state !== "paused" && (
        <Button kind="primary" busy={busy} onClick={() => control("start")}>
          Start
        </Button>
      )}
      <MoreMenu label={`More for ${name}`} actions={more} />
      {hasUpdates && (
        <Updates
          container={container}
          onClose={() => setUpdates(false)}
          onReplaced={(next) => navigate(placeOfContainer({ hostId, id: next }), { replace: true })}
        />
      )}
    </>
  );
}
