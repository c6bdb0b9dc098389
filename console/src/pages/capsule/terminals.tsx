/** The terminals of a capsule that this browser tab has open. They survive a reload, and the yard's restart. */
import { useCallback, useState } from "react";
import { useSelf } from "../../api/use-self.ts";
import { Button } from "../../components/button.tsx";
import { Empty } from "../../components/empty.tsx";
import { Panel } from "../../components/page.tsx";
import { Status, type Tone } from "../../components/status.tsx";
import Terminal, { type TerminalEvents, type TerminalSize } from "../../components/terminal.tsx";
import { type Capsule, teamOf } from "../capsules/capsule.ts";
import styles from "./capsule.module.css";
import { type KeptTerminal, keepTerminals, readTerminals } from "./kept-terminals.ts";
import { connectPty, type PtyState } from "./pty-link.ts";

const first: KeptTerminal = { number: 1 };
const toneOf: Readonly<Record<PtyState["kind"], Tone>> = {
  connecting: "info",
  open: "good",
  away: "warn",
  ended: "calm",
};

export default function CapsuleTerminals({ capsule: { id, ...capsule } }: { capsule: Capsule }) {
  const team = teamOf({ id, ...capsule }, useSelf());
  const [terminals, setTerminals] = useState(() => {
    const kept = readTerminals(id);
    return kept.length === 0 ? [first] : kept;
  });
  const [active, setActive] = useState(terminals[0]?.number ?? first.number);

  const change = useCallback(
    (next: (before: readonly KeptTerminal[]) => readonly KeptTerminal[]) =>
      setTerminals((before) => {
        const after = [...next(before)];
        keepTerminals(id, after);
        return after;
      }),
    [id],
  );
  const onTag = useCallback(
    (number: number, tag: string) =>
      change((before) => before.map((each) => (each.number === number ? { number, tag } : each))),
    [change],
  );

  function add(): void {
    const number = Math.max(0, ...terminals.map((each) => each.number)) + 1;
    change((before) => [...before, { number }]);
    setActive(number);
  }
  function remove(number: number): void {
    const others = terminals.filter((each) => each.number !== number);
    change(() => others);
    setActive(others.at(-1)?.number ?? first.number);
  }

  const shown = terminals.find(({ number }) => number === active);
  return (
    <Panel isFlush>
      <div className={styles.bar}>
        {terminals.map(({ number }) => (
          <Button key={number} aria-pressed={number === active} onClick={() => setActive(number)}>
            Terminal {number}
          </Button>
        ))}
        <Button kind="quiet" onClick={add}>
          New terminal
        </Button>
      </div>
      {shown ? (
        <OneTerminal key={shown.number} capsuleId={id} team={team} terminal={shown} onTag={onTag} onRemove={remove} />
      ) : (
        <Empty title="No terminal is open" actions={<Button onClick={add}>New terminal</Button>} />
      )}
    </Panel>
  );
}

interface OneTerminalProps {
  readonly capsuleId: string;
  readonly team: string | undefined;
  readonly terminal: KeptTerminal;
  onTag(number: number, tag: string): void;
  onRemove(number: number): void;
}

function OneTerminal({ capsuleId, team, terminal: { number, tag }, onTag, onRemove }: OneTerminalProps) {
  const [state, setState] = useState<PtyState>({ kind: "connecting" });
  const [begin] = useState(tag);
  const connect = useCallback(
    (size: TerminalSize, events: TerminalEvents) =>
      connectPty(
        { capsuleId, team, tag: begin, onTag: (given) => onTag(number, given), onState: setState },
        size,
        events,
      ),
    [capsuleId, team, begin, number, onTag],
  );
  return (
    <>
      <Terminal label={`Terminal ${number}`} connect={connect} />
      <div className={styles.foot}>
        <Status tone={toneOf[state.kind]}>{state.kind}</Status>
        <span className={styles.note}>
          {state.kind === "ended"
            ? state.why
            : "It runs on when you leave; exit ends it. Ctrl F6 leaves it by keyboard."}
        </span>
        {state.kind === "ended" && <Button onClick={() => onRemove(number)}>Close</Button>}
      </div>
    </>
  );
}
