/** What a task prints while it runs. */
import { useEffect, useState } from "react";
import { call } from "../../api/call.ts";
import { isAborted } from "../../api/call-error.ts";
import { Empty } from "../../components/empty.tsx";
import { createLogStore } from "../../components/log/log-store.ts";
import { LogView } from "../../components/log/log-view.tsx";
import { createPrinter } from "./printed.ts";
import styles from "./task.module.css";

const lookMs = 1_000;

export function LiveOutput({ uuid, number }: { uuid: string; number: number }) {
  const [store] = useState(createLogStore);
  useEffect(() => {
    const leaving = new AbortController();
    const printer = createPrinter(store);
    const look = async (): Promise<void> => {
      const path = { uuid };
      const query = { ...printer.next };
      printer.print(await call("GET /yard/v1/tasks/{uuid}/output", { path, query }, { signal: leaving.signal }));
    };
    const follow = async (): Promise<void> => {
      while (!leaving.signal.aborted) {
        // While the yard cannot be reached the page says so, and this is asked again like all else.
        await look().catch((error: unknown) => isAborted(error));
        await new Promise((resolve) => setTimeout(resolve, lookMs));
      }
    };
    void follow();
    return () => leaving.abort();
  }, [store, uuid]);
  return (
    <div className={styles.output}>
      <LogView name={`task-${number}`} store={store} empty={<Empty title="It has printed nothing yet" />} />
    </div>
  );
}
