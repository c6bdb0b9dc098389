/** Deploying, stopping and deleting a stack. */
import { useState } from "react";
import { call } from "../../api/call.ts";
import { useMay } from "../../api/use-self.ts";
import { Button } from "../../components/button.tsx";
import { confirm } from "../../components/confirm.tsx";
import { tell } from "../../components/toasts.tsx";
import { useAction } from "../../components/use-action.ts";
import type { Stack } from "../stacks/stack-state.ts";
import { DeleteStack } from "./delete-stack.tsx";
import { DeployDialog } from "./deploy-dialog.tsx";
import type { Deployment } from "./use-deployment.ts";

interface StackActionsProps {
  readonly stack: Stack;
  readonly deployment: Deployment;
  readonly changed: () => void;
}

export function StackActions({ stack, deployment, changed }: StackActionsProps) {
  const { name } = stack;
  const [busy, run] = useAction();
  const [open, setOpen] = useState<"delete" | "deploy">();
  const mayDeploy = useMay("stacks.deploy");
  const mayWrite = useMay("stacks.write");
  const isDeployed = stack.deployment?.status === "deployed";
  const hasFile = stack.status !== "needs_recovery";

  async function stop(): Promise<void> {
    const isSure = await confirm({
      title: `Stop the stack ${name}?`,
      lost: "Its containers are stopped and removed, with what they have written outside of volumes and what they have printed. Volumes, networks and files stay; a deployment starts it again.",
      action: "Stop",
    });
    if (!isSure) return;
    await call("POST /api/v1/stacks/{name}/stop", { path: { name } }, { timeoutMs: 300_000 });
    tell(`${name} is stopped`);
    changed();
  }

  return (
    <>
      {mayDeploy && hasFile && (
        <Button kind="primary" busy={deployment.isRunning} onClick={() => setOpen("deploy")}>
          {deployment.isRunning ? "Deploying…" : "Deploy…"}
        </Button>
      )}
      {mayDeploy && isDeployed && (
        <Button busy={busy} onClick={() => run(`Could not stop ${name}`, stop)}>
          Stop…
        </Button>
      )}
      {mayWrite && (
        <Button busy={busy} onClick={() => setOpen("delete")}>
          Delete…
        </Button>
      )}
      {open === "deploy" && <DeployDialog stack={stack} deployment={deployment} onClose={() => setOpen(undefined)} />}
      {open === "delete" && <DeleteStack stack={stack} onClose={() => setOpen(undefined)} />}
    </>
  );
}
