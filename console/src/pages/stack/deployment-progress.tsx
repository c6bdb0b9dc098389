/** What a deployment does, as it does it. */
import { Button } from "../../components/button.tsx";
import { Panel } from "../../components/page.tsx";
import { Status } from "../../components/status.tsx";
import styles from "./stack.module.css";
import type { Deployment, DeploymentLog } from "./use-deployment.ts";

const tones = { running: "info", done: "good", failed: "bad" } as const;

export function DeploymentProgress({ deployment: { log, isRunning, dismiss } }: { deployment: Deployment }) {
  if (!log) return null;
  return (
    <Panel
      title={`Deployment ${log.deployment_id}`}
      actions={
        <span className={styles.progressState}>
          <Status tone={tones[log.state]}>{log.state}</Status>
          {!isRunning && (
            <Button kind="quiet" onClick={dismiss}>
              Close
            </Button>
          )}
        </span>
      }
    >
      <DeploymentSteps log={log} />
    </Panel>
  );
}

export function DeploymentSteps({ log }: { log: DeploymentLog }) {
  const began = Date.parse(log.steps[0]?.time ?? "");
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard */}
      <ol className={styles.steps} aria-label="Steps" aria-live="polite" tabIndex={0}>
        {log.steps.map(({ time, text }, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: steps are only ever appended
          <li key={index}>
            <span className={styles.stepTime}>+{((Date.parse(time) - began) / 1_000).toFixed(1)} s</span>
            <span>{text}</span>
          </li>
        ))}
      </ol>
      {log.steps.length === 0 && <p className={styles.muted}>No steps yet.</p>}
      {log.error !== undefined && log.error !== "" && (
        <p role="alert" className={styles.fault}>
          {log.error}
        </p>
      )}
    </>
  );
}
