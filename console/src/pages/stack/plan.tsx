/** What deploying a stack would do, and why. */
import { call } from "../../api/call.ts";
import type { Reply } from "../../api/operations.ts";
import { useRead } from "../../api/use-read.ts";
import { Failed, Loading } from "../../components/empty.tsx";
import { Status, type Tone } from "../../components/status.tsx";
import styles from "./stack.module.css";

type PlanReply = Reply<"GET /api/v1/stacks/{name}/plan">;
type Planned = PlanReply["containers"][number];

const tones: Readonly<Record<Planned["action"], Tone>> = {
  keep: "calm",
  leave: "calm",
  start: "info",
  rename: "info",
  create: "good",
  replace: "warn",
  remove: "bad",
};

const reasons: Readonly<Record<NonNullable<Planned["because"]>, string>> = {
  missing: "there is none",
  changed: "it was made of something else than the file says",
  image: "there is another image of that name",
  unhealthy: "it is unhealthy",
  shared: "what it shares is made anew",
  stopped: "it does not run",
  paused: "it is paused",
  name: "it has another name",
  surplus: "there are more than the file says",
  unknown: "the file has no such service",
};

/** @param revision of the files: another one is planned anew */
export function Plan({ name, host, revision = "" }: { name: string; host?: string; revision?: string }) {
  const plan = useRead(
    `plan ${name} ${host} ${revision}`,
    (signal) => call("GET /api/v1/stacks/{name}/plan", { path: { name }, query: { host } }, { signal }),
    { topics: ["containers"] },
  );
  if (plan.error !== undefined)
    return <Failed what="This could not be deployed as it is" error={plan.error} retry={plan.reload} />;
  if (!plan.data) return <Loading what="the plan" />;
  if (plan.data.settled)
    return <p className={styles.muted}>Nothing: all that runs is as the file says, and all of it runs.</p>;
  return (
    <ul className={styles.plan}>
      {plan.data.dependencies.map((each) => (
        <PlanLine key={`d${each}`} tone="info" action="deploy first" what={each} because="this stack depends on it" />
      ))}
      {plan.data.pulls.map((each) => (
        <PlanLine key={`p${each}`} tone="info" action="fetch" what={each} because="the image is not there" />
      ))}
      {[...plan.data.networks, ...plan.data.volumes]
        .filter(({ created }) => created)
        .map((each) => (
          <PlanLine key={`n${each.name}`} tone="good" action="create" what={each.name} />
        ))}
      {plan.data.containers.map((each) => (
        <PlanLine
          key={`c${each.name}${each.action}`}
          tone={tones[each.action]}
          action={each.action}
          what={each.name}
          because={each.because && reasons[each.because]}
        />
      ))}
    </ul>
  );
}

function PlanLine(line: { tone: Tone; action: string; what: string; because?: string }) {
  return (
    <li>
      <Status tone={line.tone}>{line.action}</Status>
      <span>
        <strong>{line.what}</strong>{" "}
        {line.because !== undefined && <span className={styles.muted}>{line.because}</span>}
      </span>
    </li>
  );
}
