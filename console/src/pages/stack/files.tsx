/** A stack's Compose file and variables: edited, kept, and then deployed, with what that would do beside them. */
import { useEffect, useState } from "react";
import { call } from "../../api/call.ts";
import { CallError } from "../../api/call-error.ts";
import type { Reply } from "../../api/operations.ts";
import { session } from "../../api/session.ts";
import { useRead } from "../../api/use-read.ts";
import { useMay } from "../../api/use-self.ts";
import { Button } from "../../components/button.tsx";
import { Failed, Loading } from "../../components/empty.tsx";
import { Panel } from "../../components/page.tsx";
import { Status } from "../../components/status.tsx";
import { tell } from "../../components/toasts.tsx";
import { useAction } from "../../components/use-action.ts";
import { ComposeEditors } from "../stacks/compose-editors.tsx";
import { ChangesToDeploy } from "./compose-changes.tsx";
import { Environments } from "./environments.tsx";
import { Plan } from "./plan.tsx";
import styles from "./stack.module.css";
import type { Deployment } from "./use-deployment.ts";

type Files = Reply<"GET /api/v1/stacks/{name}">;

interface Draft {
  readonly base: Files;
  readonly compose: string;
  readonly env: string;
}

/** What was not saved yet, by stack: a look at another page must not lose it. The end of the login does, as variables are secret. */
const drafts = new Map<string, Draft>();
session.subscribe(() => session.get() ?? drafts.clear());

export function StackFiles({ name, deployment }: { name: string; deployment: Deployment }) {
  const files = useRead(
    `files ${name}`,
    (signal) => call("GET /api/v1/stacks/{name}", { path: { name } }, { signal }),
    {
      topics: ["stacks"],
    },
  );
  if (!files.data)
    return files.error === undefined ? (
      <Loading what="the files" />
    ) : (
      <Failed what="The files cannot be shown" error={files.error} retry={files.reload} />
    );
  return <FileEditors name={name} saved={files.data} deployment={deployment} reload={files.reload} />;
}

interface FileEditorsProps {
  readonly name: string;
  readonly saved: Files;
  readonly deployment: Deployment;
  reload(): void;
}

function FileEditors({ name, saved, deployment, reload }: FileEditorsProps) {
  /** What the editors began with: the yard refuses to write over a newer one. */
  const [base, setBase] = useState(drafts.get(name)?.base ?? saved);
  const [compose, setCompose] = useState(drafts.get(name)?.compose ?? saved.compose);
  const [env, setEnv] = useState(drafts.get(name)?.env ?? saved.env ?? "");
  const [busy, run] = useAction();
  const mayWrite = useMay("stacks.write");
  const mayDeploy = useMay("stacks.deploy");
  const isChanged = compose !== base.compose || env !== (base.env ?? "");
  const isOutdated = saved.revision !== base.revision;
  useEffect(() => {
    if (isChanged) drafts.set(name, { base, compose, env });
    else drafts.delete(name);
  }, [name, isChanged, base, compose, env]);

  function take(files: Files): void {
    setBase(files);
    setCompose(files.compose);
    setEnv(files.env ?? "");
  }
  // biome-ignore lint/correctness/useExhaustiveDependencies: only news of the yard are a reason
  useEffect(() => {
    if (isOutdated && !isChanged) take(saved);
  }, [saved]);

  const save = (): void =>
    run(`Could not write ${name}`, async () => {
      const body = { compose, env, revision: base.revision };
      try {
        take(await call("PUT /api/v1/stacks/{name}", { path: { name }, body }));
      } catch (error) {
        if (error instanceof CallError && error.status === 409) reload();
        throw error;
      }
      tell(`${name} is written`, "What runs stays as it is until the next deployment.");
    });

  return (
    <div className={styles.files}>
      <ComposeEditors
        compose={compose}
        env={env}
        isReadOnly={!mayWrite}
        onCompose={setCompose}
        onEnv={setEnv}
        onSubmit={save}
        actions={
          <span className={styles.progressState}>
            {isChanged && <Status tone="warn">not saved</Status>}
            {isChanged && <Button onClick={() => take(saved)}>Undo all</Button>}
            {mayWrite && (
              <Button kind={isChanged ? "primary" : "plain"} busy={busy} disabled={!isChanged} onClick={save}>
                Save
              </Button>
            )}
          </span>
        }
        notice={
          isOutdated &&
          isChanged && (
            <p role="alert" className={styles.fault}>
              Somebody has changed these files meanwhile. “Undo all” shows theirs; copy first what you want to keep.
            </p>
          )
        }
      />
      <Environments name={name} />
      {mayDeploy && (
        <Panel
          title="A deployment would"
          actions={
            <Button busy={deployment.isRunning} disabled={isChanged} onClick={() => deployment.deploy()}>
              Deploy
            </Button>
          }
        >
          {isChanged ? (
            <p className={styles.muted}>Save first: what is deployed is what was saved.</p>
          ) : (
            <div className={styles.files}>
              <Plan name={name} revision={base.revision} />
              <ChangesToDeploy name={name} />
            </div>
          )}
        </Panel>
      )}
    </div>
  );
}
