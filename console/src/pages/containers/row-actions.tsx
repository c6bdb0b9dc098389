/** What one most often does to a container, without opening it. */
import { useMay } from "../../api/use-self.ts";
import { Button } from "../../components/button.tsx";
import styles from "../fleet/fleet.module.css";
import type { Container } from "./container-state.tsx";
import { useControl } from "./use-control.ts";

export function ContainerRowActions({ container }: { container: Container }) {
  const { busy, control } = useControl(container);
  const mayControl = useMay("containers.control");
  if (!mayControl) return null;
  const isUp = container.state === "running" || container.state === "restarting";
  const button = (kind: "start" | "stop" | "restart", title: string) => (
    <Button kind="quiet" busy={busy} aria-label={`${title} ${container.name}`} onClick={() => control(kind)}>
      {title}
    </Button>
  );
  return (
    <span className={styles.rowActions}>
      {isUp ? (
        <>
          {button("restart", "Restart")}
          {button("stop", "Stop")}
        </>
      ) : (
        container.state !== "paused" && button("start", "Start")
      )}
    </span>
  );
}
