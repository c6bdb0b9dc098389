/** A machine more: a name is made, and a command to run there, with a token that is good once. */
import { useState } from "react";
import { call } from "../../api/call.ts";
import type { Reply } from "../../api/operations.ts";
import { Button } from "../../components/button.tsx";
import { CopyBox } from "../../components/copy-box.tsx";
import { Dialog, DialogActions } from "../../components/dialog.tsx";
import { FormDialog } from "../../components/form-dialog.tsx";
import { NameField } from "../../components/name-field.tsx";

export type Enrolment = Reply<"POST /api/v1/agents">;

export function EnrolHost({ onClose, onMade }: { onClose: () => void; onMade: () => void }) {
  const [name, setName] = useState("");
  const [made, setMade] = useState<Enrolment>();
  if (made) return <EnrolmentShown enrolment={made} onClose={onClose} />;
  return (
    <FormDialog
      title="Add a host"
      description="Its agent dials out to this yard: the machine needs no open port, and may be behind a router."
      action="Go on"
      submit={async () => {
        setMade(await call("POST /api/v1/agents", { body: { name } }));
        onMade();
      }}
      onClose={onClose}
      staysOpen
    >
      <NameField value={name} onChange={setName} />
    </FormDialog>
  );
}

/** The token is shown this once. */
export function EnrolmentShown({ enrolment, onClose }: { enrolment: Enrolment; onClose: () => void }) {
  return (
    <Dialog
      isOpen
      onClose={onClose}
      title={`Make a machine the host ${enrolment.agent.name}`}
      description="Run this on the machine, as root. The token in it is good once, and is not shown again."
    >
      <CopyBox label="Command" text={enrolment.install_hint} />
      <p>The host is online as soon as its agent has connected.</p>
      <DialogActions>
        <Button kind="primary" onClick={onClose}>
          Done
        </Button>
      </DialogActions>
    </Dialog>
  );
}
