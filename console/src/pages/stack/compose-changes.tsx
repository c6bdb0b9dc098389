/** What a stack's compose.yaml has become since it was deployed. */
import { call } from "../../api/call.ts";
import { useRead } from "../../api/use-read.ts";
import { TextDiff } from "../../components/diff/text-diff.tsx";
import { Failed, Loading } from "../../components/empty.tsx";
import styles from "./stack.module.css";

/** Between what was deployed last and what would be deployed now. */
export function ChangesToDeploy({ name }: { name: string }) {
  const read = useRead(
    `changes to deploy ${name}`,
    async (signal) => {
      const [files, newest] = await Promise.all([
        call("GET /api/v1/stacks/{name}", { path: { name } }, { signal }),
        call("GET /api/v1/stacks/{name}/deployments", { path: { name }, query: { limit: 1 } }, { signal }),
      ]);
      const [last] = newest;
      return { saved: files.compose, last: last && { id: last.id, compose: await composeOf(name, last.id, signal) } };
    },
    { topics: ["stacks"] },
  );
  if (read.error !== undefined)
    return <Failed what="The changes of the file cannot be shown" error={read.error} retry={read.reload} />;
  if (!read.data) return <Loading what="the changes of the file" />;
  const { saved, last } = read.data;
  if (!last) return <p className={styles.muted}>It is its first deployment.</p>;
  return (
    <TextDiff
      title={`compose.yaml since deployment ${last.id}`}
      before={last.compose}
      after={saved}
      same={<p className={styles.muted}>compose.yaml is as it was at deployment {last.id}.</p>}
    />
  );
}

/** As it was deployed then. */
export async function composeOf(name: string, id: number, signal: AbortSignal): Promise<string> {
  const whole = await call("GET /api/v1/stacks/{name}/deployments/{id}", { path: { name, id } }, { signal });
  return whole.compose_yaml ?? "";
}
