/** Whether there is a newer image of a container's, putting it in place, and going back. */
import { call } from "../../api/call.ts";
import { useRead } from "../../api/use-read.ts";
import { Button } from "../../components/button.tsx";
import { confirm } from "../../components/confirm.tsx";
import { Dialog, DialogActions } from "../../components/dialog.tsx";
import { Failed, Loading } from "../../components/empty.tsx";
import { Ago } from "../../components/moments.tsx";
import { Facts } from "../../components/page.tsx";
import { tell } from "../../components/toasts.tsx";
import { useAction } from "../../components/use-action.ts";
import styles from "./container.module.css";
import type { SeenContainer } from "./seen-container.ts";

interface UpdatesProps {
  readonly container: SeenContainer;
  onClose(): void;
  /** It is another container now. */
  onReplaced(id: string): void;
}

/** An image may be large, and its registry far away. */
const updateTimeoutMs = 30 * 60_000;

export function Updates({ container: { id, hostId, name }, onClose, onReplaced }: UpdatesProps) {
  const [busy, run] = useAction();
  const at = { path: { id }, query: { host: hostId } };
  const info = useRead(`update ${id}`, (signal) => call("GET /api/v1/containers/{id}/update-info", at, { signal }));
  const history = useRead(`updates ${id}`, (signal) =>
    call("GET /api/v1/containers/{id}/update-history", at, { signal }),
  );

  async function update(): Promise<void> {
    const isSure = await confirm({
      title: `Put the newer image in the place of ${name}?`,
      lost: "A new container of it takes this one's place, with the same settings and volumes. What this one has written outside of volumes will be gone.",
      action: "Update",
    });
    if (!isSure) return;
    const done = await call("POST /api/v1/containers/{id}/update", at, { timeoutMs: updateTimeoutMs });
    tell(`${name} runs the newer image`);
    onClose();
    onReplaced(done.container_id);
  }
  async function goBack(entry: number): Promise<void> {
    const input = { ...at, body: { history_id: entry } };
    const done = await call("POST /api/v1/containers/{id}/rollback", input, { timeoutMs: updateTimeoutMs });
    tell(`${name} runs ${done.image} again`);
    onClose();
    onReplaced(done.container_id);
  }

  return (
    <Dialog isOpen onClose={onClose} title={`Updates of ${name}`}>
      {info.error !== undefined && (
        <Failed what="The registry cannot be asked" error={info.error} retry={info.reload} />
      )}
      {!info.data && info.error === undefined && <Loading what="what the registry has" />}
      {info.data && (
        <Facts
          facts={{
            Image: <code>{info.data.current_image}</code>,
            State: info.data.update_available ? "There is a newer one of that name." : "It is the newest of that name.",
          }}
        />
      )}
      {history.data && history.data.length > 0 && (
        <ul className={styles.mounts}>
          {history.data.map((entry) => (
            <li key={entry.id}>
              <span>
                <Ago at={Date.parse(entry.updated_at)} />
                {entry.rolled_back_at !== undefined && ", taken back"}
              </span>
              <span>
                <code>{entry.old_image.slice(0, 24)}</code>{" "}
                {entry.rolled_back_at === undefined && (
                  <Button busy={busy} onClick={() => run("Could not go back", () => goBack(entry.id))}>
                    Go back to it
                  </Button>
                )}
              </span>
            </li>
          ))}
        </ul>
      )}
      <DialogActions>
        <Button onClick={onClose}>Close</Button>
        <Button
          kind="primary"
          busy={busy}
          disabled={!info.data?.update_available}
          onClick={() => run(`Could not update ${name}`, update)}
        >
          Update…
        </Button>
      </DialogActions>
    </Dialog>
  );
}
