/** For a yard where nothing is yet: one of each kind by one click. */
import { useEffect } from "react";
import { useLocation } from "wouter";
import { useObservable } from "../../api/observable.ts";
import { useSelf } from "../../api/use-self.ts";
import { Button } from "../../components/button.tsx";
import { Panel } from "../../components/page.tsx";
import { tell } from "../../components/toasts.tsx";
import { useAction } from "../../components/use-action.ts";
import { begin, beginning, endBeginning, noteMade } from "./beginning.ts";
import { type FirstThing, firstThings } from "./first-things.ts";
import styles from "./overview.module.css";
import { isNew, type Overview } from "./overview.ts";

export function FirstThings({ overview }: { overview: Overview }) {
  const { isAdmin, permissions } = useSelf();
  const made = useObservable(beginning);
  const isEmpty = isNew(overview);
  useEffect(() => {
    if (isEmpty) begin();
  }, [isEmpty]);
  if (made === undefined) return null;
  const offered = firstThings.filter(
    ({ kind, permission }) => !made.includes(kind) && (isAdmin || permissions.includes(permission)),
  );
  if (offered.length === 0) return null;
  return (
    <Panel title="Begin with one of each" actions={<Button onClick={endBeginning}>Hide</Button>}>
      <ul className={styles.firsts}>
        {offered.map((thing) => (
          <First key={thing.kind} thing={thing} lack={thing.lackOf?.(overview)} />
        ))}
      </ul>
    </Panel>
  );
}

/** @param props.lack why there can be none yet */
function First({ thing: { kind, title, text, make }, lack }: { thing: FirstThing; lack: string | undefined }) {
  const { username } = useSelf();
  const [busy, run] = useAction();
  const [, navigate] = useLocation();
  const doIt = async (): Promise<void> => {
    const { told, path } = await make(username);
    noteMade(kind);
    tell(told);
    navigate(path);
  };
  return (
    <li className={styles.first}>
      <div>
        <h3>{title}</h3>
        <p>{lack ?? text}</p>
      </div>
      <Button
        kind="primary"
        busy={busy}
        disabled={lack !== undefined}
        onClick={() => run(`Could not make the first ${kind}`, doIt)}
      >
        First {kind}
      </Button>
    </li>
  );
}
