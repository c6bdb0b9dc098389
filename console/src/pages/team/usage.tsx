/** What a team has queued and keeps, and how much it may keep. */
import { useState } from "react";
import { Link } from "wouter";
import { call } from "../../api/call.ts";
import type { Reply } from "../../api/operations.ts";
import { useSelf } from "../../api/use-self.ts";
import { Button } from "../../components/button.tsx";
import { Field } from "../../components/field.tsx";
import { FormDialog } from "../../components/form-dialog.tsx";
import { bytesText, countText } from "../../components/moments.tsx";
import { Facts, Panel } from "../../components/page.tsx";
import { tell } from "../../components/toasts.tsx";
import { Meter, shareOf } from "../hosts/host-state.tsx";

export type Group = Reply<"GET /groups/{group_name}">;

export function Usage({ group, changed }: { group: Group; changed: () => void }) {
  const { isAdmin } = useSelf();
  const [isChanging, setChanging] = useState(false);
  const { group_name: name, storage_used: used, storage_quota: quota } = group;
  return (
    <Panel title="What it has" actions={isAdmin && <Button onClick={() => setChanging(true)}>Quota…</Button>}>
      <Facts
        facts={{
          Tasks: <Link href={`/tasks?team=${encodeURIComponent(name)}`}>{countText(group.task_count)}</Link>,
          Workers: countText(group.worker_count),
          Kept: `${bytesText(used)} of ${bytesText(quota)} for artifacts and attachments`,
          Share: <Meter label={`What ${name} keeps of its quota`} percent={shareOf(used, quota)} />,
          "Made by": group.creator_username,
        }}
      />
      {isChanging && <StorageQuota name={name} onDone={changed} onClose={() => setChanging(false)} />}
    </Panel>
  );
}

interface StorageQuotaProps {
  readonly name: string;
  onDone(): void;
  onClose(): void;
}

function StorageQuota({ name, onDone, onClose }: StorageQuotaProps) {
  const [size, setSize] = useState("");
  async function submit(): Promise<void> {
    const input = { path: { group_name: name }, body: { storage_quota: size } };
    const { storage_quota: bytes } = await call("POST /admin/groups/{group_name}/storage-quota", input);
    tell(`${name} may keep ${bytesText(bytes)}`);
    onDone();
  }
  return (
    <FormDialog
      title={`How much ${name} may keep`}
      description="Artifacts and attachments of its tasks. What it keeps already stays."
      action="Write"
      submit={submit}
      onClose={onClose}
    >
      <Field
        label="Size"
        hint="20 GiB for that much; +5 GiB or -500 MB for more or less than now."
        required
        autoFocus
        autoComplete="off"
        value={size}
        onChange={(event) => setSize(event.target.value)}
      />
    </FormDialog>
  );
}
