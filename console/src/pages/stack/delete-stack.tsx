/** Deleting a stack: what is lost in any case, and what more can be cleared away. */
import { useState } from "react";
import { useLocation } from "wouter";
import { call } from "../../api/call.ts";
import { useRead } from "../../api/use-read.ts";
import { Check } from "../../components/check.tsx";
import { FormDialog } from "../../components/form-dialog.tsx";
import { tell } from "../../components/toasts.tsx";
import type { Stack } from "../stacks/stack-state.ts";

const flag = (on: boolean) => (on ? "true" : undefined);

export function DeleteStack({ stack: { name, deployment }, onClose }: { stack: Stack; onClose: () => void }) {
  const [, navigate] = useLocation();
  const [stops, setStops] = useState(false);
  const [networks, setNetworks] = useState(false);
  const [volumes, setVolumes] = useState(false);
  const { data: preview } = useRead(`cleanup ${name}`, (signal) =>
    call("GET /api/v1/stacks/{name}/cleanup-preview", { path: { name } }, { signal }),
  );
  const runs = deployment?.status === "deployed";

  async function remove(): Promise<void> {
    const query = { stop: flag(stops), networks: flag(stops && networks), volumes: flag(stops && volumes) };
    const reply = await call("DELETE /api/v1/stacks/{name}", { path: { name }, query }, { timeoutMs: 300_000 });
    tell(`Deleted ${name}`, reply?.cleanup_error || reply?.cleanup?.errors?.join("; ") || undefined);
    navigate("/stacks");
  }

  return (
    <FormDialog
      title={`Delete the stack ${name}?`}
      description="Its files and variables and the history of its deployments will be gone. That cannot be undone."
      action="Delete"
      isDanger
      submit={remove}
      onClose={onClose}
    >
      {runs && (
        <Check
          checked={stops}
          onChange={setStops}
          hint={stops ? undefined : "Else they go on, and can be adopted again."}
        >
          Stop and remove its containers, too
        </Check>
      )}
      {stops && preview && preview.networks.length > 0 && (
        <Check checked={networks} onChange={setNetworks} hint={preview.networks.join(", ")}>
          Remove its networks
        </Check>
      )}
      {stops && preview && preview.volumes.length > 0 && (
        <Check checked={volumes} onChange={setVolumes} hint={`All data in ${preview.volumes.join(", ")} will be lost.`}>
          Remove its volumes with what is in them
        </Check>
      )}
    </FormDialog>
  );
}
