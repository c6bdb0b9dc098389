/** One deployment of a stack: what it did, with which file, what that file has changed, and a way back to it. */
import { Suspense, useState } from "react";
import { call } from "../../api/call.ts";
import type { Reply } from "../../api/operations.ts";
import { useRead } from "../../api/use-read.ts";
import { Button } from "../../components/button.tsx";
import { confirm } from "../../components/confirm.tsx";
import { Dialog, DialogActions } from "../../components/dialog.tsx";
import { TextDiff } from "../../components/diff/text-diff.tsx";
import { Failed, Loading } from "../../components/empty.tsx";
import { Select } from "../../components/select.tsx";
import { lazyPart } from "../../lazy-part.ts";
import { composeOf } from "./compose-changes.tsx";
import { DeploymentSteps } from "./deployment-progress.tsx";
import styles from "./stack.module.css";
import { type Deployment, deployTimeoutMs } from "./use-deployment.ts";

const CodeEditor = lazyPart(() => import("../../components/code-editor.tsx"));

export type Entry = Reply<"GET /api/v1/stacks/{name}/deployments">[number];

interface EntryDialogProps {
  readonly name: string;
  readonly entry: Entry;
  /** All that are listed, the newest first. */
  readonly entries: readonly Entry[];
  readonly deployment: Deployment;
  onClose(): void;
}

/** What the file is compared with: nothing, what is saved now, or the file of the deployment of that number. */
type Other = "none" | "saved" | `${number}`;

export function EntryDialog({ name, entry: { id }, entries, deployment, onClose }: EntryDialogProps) {
  const before = entries.find((each) => each.id < id);
  const [other, setOther] = useState<Other>(before ? `${before.id}` : "none");
  const log = useRead(`deployment ${name} ${id}`, (signal) =>
    call("GET /api/v1/stacks/{name}/deployments/{id}/log", { path: { name, id: String(id) } }, { signal }),
  );

  async function rollBack(): Promise<void> {
    const isSure = await confirm({
      title: `Go back to deployment ${id}?`,
      lost: `The compose.yaml of ${name} is replaced by the one of then, and deployed: containers that differ are made anew.`,
      action: "Go back",
    });
    if (!isSure) return;
    onClose();
    const input = { path: { name, id } };
    deployment.run(`${name} is back at deployment ${id}`, () =>
      call("POST /api/v1/stacks/{name}/deployments/{id}/rollback", input, { timeoutMs: deployTimeoutMs }),
    );
  }

  return (
    <Dialog isOpen isWide onClose={onClose} title={`Deployment ${id} of ${name}`}>
      {!log.data && log.error === undefined && <Loading what="the deployment" />}
      {log.error !== undefined && <Failed what="It cannot be shown" error={log.error} retry={log.reload} />}
      {log.data && <DeploymentSteps log={log.data} />}
      <Select
        label="Its compose.yaml"
        value={other}
        onChange={(event) => setOther(event.target.value as Other)}
        options={[
          { value: "none", title: "The whole file" },
          { value: "saved", title: "What has changed until now" },
          ...entries
            .filter((each) => each.id !== id)
            .map((each) => ({ value: String(each.id), title: `What differs from deployment ${each.id}` })),
        ]}
      />
      <EntryFile name={name} id={id} other={other} />
      <DialogActions>
        <Button onClick={onClose}>Close</Button>
        <Button kind="danger" busy={deployment.isRunning} onClick={() => void rollBack()}>
          Go back to it…
        </Button>
      </DialogActions>
    </Dialog>
  );
}

function EntryFile({ name, id, other }: { name: string; id: number; other: Other }) {
  const files = useRead(`compose ${name} ${id} ${other}`, async (signal) => {
    const [own, compared] = await Promise.all([composeOf(name, id, signal), readOther(name, other, signal)]);
    return { own, compared };
  });
  if (files.error !== undefined)
    return <Failed what="The file cannot be shown" error={files.error} retry={files.reload} />;
  if (!files.data) return <Loading what="the file" />;
  const { own, compared } = files.data;
  if (compared === undefined)
    return (
      <Suspense fallback={<Loading what="the file" />}>
        <CodeEditor label={`compose.yaml of deployment ${id}`} language="yaml" value={own} isReadOnly />
      </Suspense>
    );
  const [older, newer] = other === "saved" || Number(other) > id ? [own, compared] : [compared, own];
  return (
    <TextDiff
      title="compose.yaml"
      before={older}
      after={newer}
      same={<p className={styles.muted}>The file is the same, to the letter.</p>}
    />
  );
}

async function readOther(name: string, other: Other, signal: AbortSignal): Promise<string | undefined> {
  if (other === "none") return undefined;
  if (other !== "saved") return composeOf(name, Number(other), signal);
  return (await call("GET /api/v1/stacks/{name}", { path: { name } }, { signal })).compose;
}
