/** A new label: a name for a snapshot. */
import { useState } from "react";
import { call } from "../../../api/call.ts";
import { Field } from "../../../components/field.tsx";
import { FormDialog } from "../../../components/form-dialog.tsx";
import { NameField } from "../../../components/name-field.tsx";

interface NewLabelProps {
  /** To begin with. */
  readonly snapshot: string;
  done(): void;
  onClose(): void;
}

export function NewLabel({ snapshot, done, onClose }: NewLabelProps) {
  const [name, setName] = useState("");
  const [id, setId] = useState(snapshot);
  async function submit(): Promise<void> {
    await call("POST /api/fs/labels", { body: { name, ca_id: id.trim() } });
    done();
  }
  return (
    <FormDialog
      title="New label"
      description="One that is there already will point to the snapshot from now on."
      action="Save"
      submit={submit}
      onClose={onClose}
    >
      <NameField value={name} onChange={setName} />
      <Field
        label="Snapshot"
        hint="64 hexadecimal digits: what a run has left, or another label names."
        isMono
        required
        autoComplete="off"
        pattern="\s*[0-9a-fA-F]{64}\s*"
        value={id}
        onChange={(event) => setId(event.target.value)}
      />
    </FormDialog>
  );
}
