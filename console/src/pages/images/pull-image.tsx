/** Fetching an image, layer by layer. Closing the dialog gives it up. */
import { type FormEvent, useEffect, useRef, useState } from "react";
import { request } from "../../api/call.ts";
import { messageOf } from "../../api/call-error.ts";
import { Button } from "../../components/button.tsx";
import { Dialog, DialogActions } from "../../components/dialog.tsx";
import { Field } from "../../components/field.tsx";
import { bytesText } from "../../components/moments.tsx";
import { HostSelect } from "../fleet/host-select.tsx";
import styles from "./images.module.css";
import { type Layer, type PullEvents, readPull } from "./read-pull.ts";

type State = { readonly kind: "asking" | "pulling" | "done" } | { readonly kind: "failed"; readonly why: string };

export function PullImage({ onClose }: { onClose: () => void }) {
  const [image, setImage] = useState("");
  const [host, setHost] = useState("local");
  const [state, setState] = useState<State>({ kind: "asking" });
  const [layers, setLayers] = useState<readonly Layer[]>([]);
  const [said, setSaid] = useState("");
  const ending = useRef<AbortController>(undefined);
  useEffect(() => () => ending.current?.abort(), []);

  async function pull(signal: AbortSignal): Promise<void> {
    const input = { query: { host }, body: { image } };
    const { body } = await request("POST /api/v1/images/pull", input, { signal, timeoutMs: Number.POSITIVE_INFINITY });
    const events: PullEvents = { layers: setLayers, said: setSaid };
    if (body) await readPull(body, events);
  }

  function submit(event: FormEvent): void {
    event.preventDefault();
    ending.current = new AbortController();
    setState({ kind: "pulling" });
    setLayers([]);
    setSaid("");
    pull(ending.current.signal).then(
      () => setState({ kind: "done" }),
      (error: unknown) => setState({ kind: "failed", why: messageOf(error) }),
    );
  }

  const isPulling = state.kind === "pulling";
  return (
    <Dialog isOpen onClose={onClose} title="Pull an image" description="From its registry to a host.">
      <form className={styles.form} onSubmit={submit}>
        <Field
          label="Image"
          required
          autoFocus
          isMono
          autoComplete="off"
          placeholder="nginx:alpine"
          disabled={isPulling}
          value={image}
          onChange={(event) => setImage(event.target.value)}
        />
        <HostSelect label="To" value={host} onChange={setHost} />
        {layers.length > 0 && (
          <ul className={styles.layers}>
            {layers.map((layer) => (
              <LayerProgress key={layer.id} layer={layer} />
            ))}
          </ul>
        )}
        <p role="status" className={styles.said}>
          {state.kind === "done" ? `${image} is there. ` : ""}
          {said}
        </p>
        {state.kind === "failed" && (
          <p role="alert" className={styles.fault}>
            {state.why}
          </p>
        )}
        <DialogActions>
          <Button onClick={onClose}>{isPulling ? "Give up" : "Close"}</Button>
          <Button type="submit" kind="primary" busy={isPulling}>
            Pull
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

function LayerProgress({ layer: { id, status, current, total } }: { layer: Layer }) {
  return (
    <li>
      <code>{id}</code>
      <span>{status}</span>
      {total > 0 && <progress aria-label={`Layer ${id}`} max={total} value={current} />}
      {total > 0 && (
        <span className={styles.bytes}>
          {bytesText(current)} of {bytesText(total)}
        </span>
      )}
    </li>
  );
}
