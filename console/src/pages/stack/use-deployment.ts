/** The newest deployment of a stack, step by step as it goes on, and a way to begin another. It goes on at the yard, whoever watches. */
import { useCallback, useState } from "react";
import { call } from "../../api/call.ts";
import { CallError } from "../../api/call-error.ts";
import type { Reply } from "../../api/operations.ts";
import { useRead } from "../../api/use-read.ts";
import { useMay } from "../../api/use-self.ts";
import { tell, tellFailure } from "../../components/toasts.tsx";

export type DeploymentLog = Reply<"GET /api/v1/stacks/{name}/deployments/{id}/log">;

export interface Deployment {
  /** Of the newest one, if it goes on now or was watched from here; undefined else. */
  readonly log: DeploymentLog | undefined;
  readonly isRunning: boolean;
  /** @param work that ends with the deployment, as its call does */
  run(what: string, work: () => Promise<unknown>): void;
  deploy(host?: string): void;
  /** The outcome was seen. */
  dismiss(): void;
}

const lookEveryMs = 700;
/** Images may be fetched from far away. */
export const deployTimeoutMs = 30 * 60_000;

/** @param changed called when one has ended */
export function useDeployment(name: string, changed: () => void): Deployment {
  const mayRead = useMay("stacks.deploy");
  /** The newest deployment of before, while a further one was asked for: `null` where there was none. */
  const [asked, setAsked] = useState<{ readonly before: number | null }>();
  const [isBusy, setBusy] = useState(false);
  const [watched, setWatched] = useState<number>();
  const newest = useRead(mayRead ? `deployment ${name}` : undefined, (signal) => readNewest(name, signal), {
    topics: ["stacks"],
    everyMs: isBusy || watched !== undefined ? lookEveryMs : undefined,
  });
  const log = newest.data ?? undefined;
  const isOfNow = asked !== undefined && log?.deployment_id !== asked.before;
  if (log?.state === "running" && watched !== log.deployment_id) setWatched(log.deployment_id);
  const isWatched = log !== undefined && (isOfNow || watched === log.deployment_id);

  const run = useCallback(
    (what: string, work: () => Promise<unknown>) => {
      setBusy(true);
      const begin = async (): Promise<void> => {
        setAsked({ before: (await readNewest(name))?.deployment_id ?? null });
        await work();
        tell(what);
      };
      begin()
        .catch((error: unknown) => tellFailure(`${name}: the deployment has failed`, error))
        .finally(() => {
          setBusy(false);
          newest.reload();
          changed();
        });
    },
    [name, changed, newest.reload],
  );
  const deploy = useCallback(
    (host?: string) =>
      run(`${name} is deployed`, () =>
        call("POST /api/v1/stacks/{name}/deploy", { path: { name }, query: { host } }, { timeoutMs: deployTimeoutMs }),
      ),
    [name, run],
  );
  return {
    log: isWatched ? log : undefined,
    isRunning: isBusy || log?.state === "running",
    run,
    deploy,
    dismiss() {
      setAsked(undefined);
      setWatched(undefined);
    },
  };
}

/** null: it was never deployed. */
async function readNewest(name: string, signal?: AbortSignal): Promise<DeploymentLog | null> {
  try {
    const path = { name, id: "latest" };
    return await call("GET /api/v1/stacks/{name}/deployments/{id}/log", { path }, { signal });
  } catch (error) {
    if (error instanceof CallError && error.status === 404) return null;
    throw error;
  }
}
