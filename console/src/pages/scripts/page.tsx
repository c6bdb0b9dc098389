/** The editor: a script, what it goes on from, and what came of it. */
import { Suspense, useState } from "react";
import { useSearchParams } from "wouter";
import { call } from "../../api/call.ts";
import { Button } from "../../components/button.tsx";
import { Check } from "../../components/check.tsx";
import { Empty, Loading } from "../../components/empty.tsx";
import { Panel } from "../../components/page.tsx";
import { tell } from "../../components/toasts.tsx";
import { useAction } from "../../components/use-action.ts";
import { lazyPart } from "../../lazy-part.ts";
import { keepDraft, readDraft } from "./draft.ts";
import { shortId } from "./execution.ts";
import { ExecutionView } from "./execution-view.tsx";
import { ScriptsFrame } from "./frame.tsx";
import { noOptions, optionsBody, RunOptions } from "./run-options.tsx";
import styles from "./scripts.module.css";
import { useExecution } from "./use-execution.ts";

const CodeEditor = lazyPart(() => import("../../components/code-editor.tsx"));

export default function ScriptsPage() {
  const [params, setParams] = useSearchParams();
  const [code, setCode] = useState(readDraft);
  const [options, setOptions] = useState({ ...noOptions, fs: params.get("fs") ?? "" });
  const [goesOn, setGoesOn] = useState(true);
  const [busy, start] = useAction();
  const id = params.get("run") ?? undefined;
  const last = useExecution(id).data;
  /** What the next run goes on from. */
  const heap = params.get("heap") ?? (goesOn ? last?.heap : undefined) ?? undefined;

  function change(next: string): void {
    setCode(next);
    keepDraft(next);
  }
  const run = (): void =>
    start("Could not run the script", async () => {
      if (code.trim() === "") return tell("There is no script yet", "Write something to run.");
      const { execution_id } = await call("POST /api/exec", { body: { code, heap, ...optionsBody(options) } });
      setParams({ run: execution_id }, { replace: id !== undefined });
    });
  const forget = (): void => setParams(id === undefined || params.has("heap") ? {} : { run: id, heap: "" });

  return (
    <ScriptsFrame tab="">
      <div className={styles.halves}>
        <div className={styles.half}>
          <Panel
            title="Script"
            isFlush
            actions={
              <Button kind="primary" busy={busy} onClick={run} title="Ctrl Enter">
                Run <kbd className={styles.key}>Ctrl ↵</kbd>
              </Button>
            }
          >
            <Suspense fallback={<Loading what="the editor" />}>
              <div className={styles.code}>
                <CodeEditor label="Script" language="javascript" value={code} onChange={change} onSubmit={run} />
              </div>
            </Suspense>
          </Panel>
          <Panel title="How it runs">
            <div className={styles.memory}>
              <p>
                {heap ? (
                  <>
                    Goes on from the memory <code title={heap}>{shortId(heap)}</code>.
                  </>
                ) : (
                  "Begins with a fresh memory."
                )}
              </p>
              {heap && (
                <Button kind="quiet" onClick={forget}>
                  Begin afresh
                </Button>
              )}
            </div>
            <Check checked={goesOn} onChange={setGoesOn}>
              Each run goes on from the memory of the one before
            </Check>
            <RunOptions options={options} change={setOptions} />
          </Panel>
        </div>
        <div className={styles.half}>
          {id === undefined ? (
            <Panel title="Console">
              <Empty title="Nothing has run yet">
                What is put on <code>globalThis</code> is there in the next run. Ctrl Enter runs the script.
              </Empty>
            </Panel>
          ) : (
            <ExecutionView key={id} id={id} />
          )}
        </div>
      </div>
    </ScriptsFrame>
  );
}
