/** Starting, stopping, restarting and deleting an app. */
import { useLocation } from "wouter";
import { call } from "../../api/call.ts";
import { useMay } from "../../api/use-self.ts";
import { Button } from "../../components/button.tsx";
import { confirm } from "../../components/confirm.tsx";
import { tell } from "../../components/toasts.tsx";
import { useAction } from "../../components/use-action.ts";
import type { AppRow } from "../apps/app-row.ts";

const enable = (name: string) => call("POST /appmesh/app/{app_name}/enable", { path: { app_name: name } });
const disable = (name: string) => call("POST /appmesh/app/{app_name}/disable", { path: { app_name: name } });

export function AppActions({ app, changed }: { app: AppRow; changed: () => void }) {
  const { name, enabled, pid, mayChange } = app;
  const [busy, run] = useAction();
  const [, navigate] = useLocation();
  const mayControl = useMay("apps.control") && mayChange;
  const mayDelete = useMay("apps.delete") && mayChange;

  /** One that is enabled and has ended stays as it is when it is enabled once more. */
  const start = async () => {
    if (enabled) await disable(name);
    await enable(name);
    changed();
  };
  const stop = async () => {
    await disable(name);
    changed();
  };

  async function remove(): Promise<void> {
    const isSure = await confirm({
      title: `Delete the app ${name}?`,
      lost: "Its definition and all that it has printed will be gone, and what runs of it is killed. Files that it has written elsewhere stay.",
      action: "Delete",
    });
    if (!isSure) return;
    await call("DELETE /appmesh/app/{app_name}", { path: { app_name: name } });
    tell(`Deleted ${name}`);
    navigate("/apps");
  }

  return (
    <>
      {mayControl && pid === null && (
        <Button kind="primary" busy={busy} onClick={() => run(`Could not start ${name}`, start)}>
          Start
        </Button>
      )}
      {mayControl && pid !== null && (
        <Button busy={busy} onClick={() => run(`Could not restart ${name}`, start)}>
          Restart
        </Button>
      )}
      {mayControl && enabled && (
        <Button busy={busy} onClick={() => run(`Could not stop ${name}`, stop)}>
          Stop
        </Button>
      )}
      {mayDelete && (
        <Button busy={busy} onClick={() => run(`Could not delete ${name}`, remove)}>
          Delete…
        </Button>
      )}
    </>
  );
}
