/** A terminal in a container. It waits a while for whoever leaves the page, or loses the line. */
import { Suspense, useCallback, useRef, useState } from "react";
import { Button } from "../../components/button.tsx";
import { Loading } from "../../components/empty.tsx";
import { Select } from "../../components/select.tsx";
import { Status, type Tone } from "../../components/status.tsx";
import type { TerminalEvents, TerminalSize } from "../../components/terminal.tsx";
import { lazyPart } from "../../lazy-part.ts";
import styles from "./container.module.css";
import { beginShell, forgetShell, readShell } from "./kept-shell.ts";
import type { SeenContainer } from "./seen-container.ts";
import { connectShell, type ShellLink, type ShellState } from "./shell-link.ts";

const Terminal = lazyPart(() => import("../../components/terminal.tsx"));

const shells = ["/bin/sh", "/bin/bash", "/bin/ash"].map((value) => ({ value, title: value }));
const toneOf: Readonly<Record<ShellState, Tone>> = { connecting: "info", open: "good", away: "warn", ended: "calm" };

export function ContainerTerminal({ container: { id, hostId, name } }: { container: SeenContainer }) {
  const place = `${hostId}.${id}`;
  const [shell, setShell] = useState(() => readShell(place) ?? beginShell(place, "/bin/sh"));
  const [state, setState] = useState<ShellState>("connecting");
  const link = useRef<ShellLink>(undefined);
  const connect = useCallback(
    (size: TerminalSize, events: TerminalEvents) => {
      const onState = (next: ShellState): void => {
        setState(next);
        if (next === "ended") forgetShell(place);
      };
      link.current = connectShell({ containerId: id, hostId, shell, onState }, size, events);
      return link.current;
    },
    [id, hostId, place, shell],
  );

  function begin(command: string): void {
    link.current?.hangUp();
    setShell(beginShell(place, command));
  }
  return (
    <>
      <div className={styles.bar}>
        <Status tone={toneOf[state]}>{state}</Status>
        <Select
          isBare
          label="Shell"
          value={shell.command}
          onChange={(event) => begin(event.target.value)}
          options={shells}
        />
        <Button onClick={() => begin(shell.command)}>{state === "ended" ? "Open again" : "Begin anew"}</Button>
      </div>
      <Suspense fallback={<Loading what="the terminal" />}>
        <Terminal label={`Terminal in ${name}`} connect={connect} />
      </Suspense>
    </>
  );
}
