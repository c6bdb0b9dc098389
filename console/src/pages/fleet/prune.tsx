/** Clearing away what nobody uses: what would go is listed before anything does. */
import { useState } from "react";
import { call } from "../../api/call.ts";
import { useRead } from "../../api/use-read.ts";
import { Button } from "../../components/button.tsx";
import { Dialog, DialogActions } from "../../components/dialog.tsx";
import { Failed, Loading } from "../../components/empty.tsx";
import { bytesText } from "../../components/moments.tsx";
import { tell } from "../../components/toasts.tsx";
import { useAction } from "../../components/use-action.ts";
import styles from "./fleet.module.css";
import { HostSelect } from "./host-select.tsx";

const kinds = {
  images: {
    what: "Images without a name that no container is made of.",
    preview: "GET /api/v1/images/prune/preview",
    prune: "POST /api/v1/images/prune",
  },
  volumes: {
    what: "Volumes that no container uses, also those with names. What is in them is lost for good.",
    preview: "GET /api/v1/volumes/prune/preview",
    prune: "POST /api/v1/volumes/prune",
  },
  networks: {
    what: "Networks that no container is on.",
    preview: "GET /api/v1/networks/prune/preview",
    prune: "POST /api/v1/networks/prune",
  },
} as const;

export type PrunedKind = keyof typeof kinds;

const pruneTimeoutMs = 300_000;

export function Prune({ kind, onClose }: { kind: PrunedKind; onClose: () => void }) {
  const [host, setHost] = useState("local");
  const [busy, run] = useAction();
  const { what, preview, prune } = kinds[kind];
  const found = useRead(`${kind} to prune ${host}`, (signal) => call(preview, { query: { host } }, { signal }));
  const count = found.data?.items.length ?? 0;
  const clear = (): void =>
    run(`Could not prune the ${kind}`, async () => {
      await call(prune, { query: { host } }, { timeoutMs: pruneTimeoutMs });
      tell(`${count} ${kind} are gone`);
      onClose();
    });
  return (
    <Dialog isOpen onClose={onClose} title={`Prune ${kind}`} description={what}>
      <HostSelect label="On" value={host} onChange={setHost} />
      {found.error !== undefined && (
        <Failed what="What would go cannot be told" error={found.error} retry={found.reload} />
      )}
      {!found.data && found.error === undefined && <Loading what="what would go" />}
      {found.data && count === 0 && <p>Nothing would go.</p>}
      {found.data && count > 0 && (
        <>
          <p>
            {count} {count === 1 ? kind.slice(0, -1) : kind} would go
            {found.data.bytes > 0 && `, ${bytesText(found.data.bytes)}`}:
          </p>
          <ul className={styles.prunable}>
            {found.data.items.map(({ id, name, bytes }) => (
              <li key={id}>
                <code>{name || id.slice(0, 19)}</code>
                {bytes > 0 && <span>{bytesText(bytes)}</span>}
              </li>
            ))}
          </ul>
        </>
      )}
      <DialogActions>
        <Button onClick={onClose}>Cancel</Button>
        <Button kind="danger" busy={busy} disabled={count === 0} onClick={clear}>
          Remove {count === 0 ? "" : count}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
