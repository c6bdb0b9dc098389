/** A new app: a name and a command are enough. */
import { type FormEvent, useState } from "react";
import { useLocation } from "wouter";
import { call } from "../../api/call.ts";
import { Button } from "../../components/button.tsx";
import { Dialog, DialogActions } from "../../components/dialog.tsx";
import { Field } from "../../components/field.tsx";
import { NameField } from "../../components/name-field.tsx";
import { useAction } from "../../components/use-action.ts";
import styles from "./new-app.module.css";

export function NewApp({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) {
  return (
    <Dialog
      isOpen={isOpen}
      onClose={onClose}
      title="New app"
      description="A program that the yard starts now and watches over."
    >
      <NewAppForm onClose={onClose} />
    </Dialog>
  );
}

function NewAppForm({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState("");
  const [command, setCommand] = useState("");
  const [keepsRunning, setKeepsRunning] = useState(true);
  const [busy, run] = useAction();
  const [, navigate] = useLocation();

  function submit(event: FormEvent): void {
    event.preventDefault();
    run(`Could not make ${name}`, async () => {
      const behavior = { exit: keepsRunning ? "restart" : "standby" };
      const body = { command, shell: true, status: 1, behavior };
      await call("PUT /appmesh/app/{app_name}", { path: { app_name: name }, body });
      onClose();
      navigate(`/apps/${encodeURIComponent(name)}`);
    });
  }

  return (
    <form className={styles.form} onSubmit={submit}>
      <NameField value={name} onChange={setName} />
      <Field
        label="Command"
        hint="As in a shell."
        isMono
        required
        autoComplete="off"
        placeholder="python3 -m http.server 8000"
        value={command}
        onChange={(event) => setCommand(event.target.value)}
      />
      <label className={styles.check}>
        <input type="checkbox" checked={keepsRunning} onChange={(event) => setKeepsRunning(event.target.checked)} />
        Start it again when it ends
      </label>
      <DialogActions>
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" kind="primary" busy={busy}>
          Make it
        </Button>
      </DialogActions>
    </form>
  );
}
