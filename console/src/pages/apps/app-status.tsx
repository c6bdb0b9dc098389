/** The state of an app, with what went wrong on hover. */
import { Status } from "../../components/status.tsx";
import { type AppRow, toneOf } from "./app-row.ts";

export function AppStatus({ app: { state, error } }: { app: AppRow }) {
  return (
    <Status tone={toneOf[state]} title={error?.message}>
      {state}
    </Status>
  );
}
