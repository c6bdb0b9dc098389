/** What there is to know of an app, beside what it prints. */
import { Ago, bytesText, countText } from "../../components/moments.tsx";
import { Facts } from "../../components/page.tsx";
import type { App } from "./app.ts";

/** By App Mesh's words for what follows an end. */
const afterItsEnd: Readonly<Record<string, string>> = {
  restart: "starts again",
  standby: "stays ended",
  keepalive: "starts again",
  remove: "is deleted",
};

export function AppFacts({ app: { row, definition } }: { app: App }) {
  const { memory, cpu, behavior, working_dir } = definition;
  const moment = (at: number | null) => (at === null ? undefined : <Ago at={at} />);
  return (
    <Facts
      facts={{
        Started: moment(row.startedAt) ?? "never",
        Starts: countText(row.starts),
        Process: row.pid ?? undefined,
        Memory: memory === undefined ? undefined : bytesText(memory),
        CPU: cpu === undefined ? undefined : `${cpu.toFixed(1)} %`,
        "Last exit": row.exitCode === null ? undefined : `code ${row.exitCode}`,
        "Next start": row.pid === null ? moment(row.nextStartAt) : undefined,
        "When it ends": afterItsEnd[behavior.exit],
        Owner: row.owner ?? undefined,
        Image: row.image ?? undefined,
        Directory: working_dir,
        "Last error": row.error && (
          <>
            {row.error.message} <Ago at={row.error.at} />
          </>
        ),
      }}
    />
  );
}
