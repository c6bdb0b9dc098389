/** What a deployment would do, before it is done, and where. */
import { useState } from "react";
import { Button } from "../../components/button.tsx";
import { Dialog, DialogActions } from "../../components/dialog.tsx";
import { HostSelect } from "../fleet/host-select.tsx";
import type { Stack } from "../stacks/stack-state.ts";
import { ChangesToDeploy } from "./compose-changes.tsx";
import { Plan } from "./plan.tsx";
import type { Deployment } from "./use-deployment.ts";

interface DeployDialogProps {
  readonly stack: Stack;
  readonly deployment: Deployment;
  onClose(): void;
}

export function DeployDialog({ stack, deployment, onClose }: DeployDialogProps) {
  const [host, setHost] = useState(stack.deployment?.host_id ?? "local");
  return (
    <Dialog
      isOpen
      isWide
      onClose={onClose}
      title={`Deploy ${stack.name}`}
      description="What it would do, as things are now:"
    >
      <HostSelect label="On" value={host} onChange={setHost} />
      <Plan name={stack.name} host={host} />
      <ChangesToDeploy name={stack.name} />
      <DialogActions>
        <Button onClick={onClose}>Cancel</Button>
        <Button
          kind="primary"
          onClick={() => {
            onClose();
            deployment.deploy(host);
          }}
        >
          Deploy
        </Button>
      </DialogActions>
    </Dialog>
  );
}
