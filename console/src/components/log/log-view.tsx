/** A log: a million lines that scroll, filter, follow, download, and have an address each. */
import { type ReactNode, useEffect, useRef, useState } from "react";
import { Button } from "../button.tsx";
import { countText } from "../moments.tsx";
import { tell } from "../toasts.tsx";
import { plainText } from "./ansi.ts";
import styles from "./log.module.css";
import { LogLines, type LogLinesHandle } from "./log-lines.tsx";
import type { LogStore } from "./log-store.ts";
import { useFiltered } from "./use-filtered.ts";

interface LogViewProps {
  /** Whose log it is; names the file of the download. */
  readonly name: string;
  readonly store: LogStore;
  /** How it is going: "live", "ended". */
  readonly state?: ReactNode;
  /** Shown while there are no lines. */
  readonly empty?: ReactNode;
}

export function LogView({ name, store, state, empty }: LogViewProps) {
  const [words, setWords] = useState("");
  const filtered = useFiltered(store, words);
  const [marked, setMarked] = useState(markedInAddress);
  const [isFollowing, setFollowing] = useState(marked === undefined);
  const lines = useRef<LogLinesHandle>(null);
  const isWaiting = useRef(marked !== undefined);

  useEffect(() => {
    if (!isWaiting.current || marked === undefined || store.end <= marked) return;
    isWaiting.current = false; // once: then the reader decides where to look
    lines.current?.show(filtered.placeOf(marked));
  });

  function mark(number: number): void {
    setMarked(number);
    setFollowing(false);
    history.replaceState(history.state, "", `#L${number + 1}`);
    navigator.clipboard
      ?.writeText(location.href)
      .then(() => tell(`Copied the link to line ${number + 1}`), noClipboard);
  }

  return (
    <div className={styles.log}>
      <div className={styles.bar}>
        <input
          type="search"
          className={styles.filter}
          placeholder="Filter: text, or /expression/i"
          aria-label={`Filter the log of ${name}`}
          aria-invalid={filtered.fault !== undefined}
          value={words}
          onChange={(event) => setWords(event.target.value)}
        />
        <span className={styles.count} role="status">
          {filtered.fault ?? countOf(filtered.count, store, words, filtered.isSearching)}
        </span>
        {state}
        <Button aria-pressed={isFollowing} onClick={() => setFollowing(!isFollowing)}>
          Follow
        </Button>
        <Button onClick={() => download(name, store)}>Download</Button>
      </div>
      {store.start > 0 && (
        <p className={styles.note}>The oldest {countText(store.start)} lines are not kept in this page.</p>
      )}
      {store.end === 0 && empty !== undefined ? (
        empty
      ) : (
        <LogLines
          ref={lines}
          label={`Log of ${name}`}
          store={store}
          filtered={filtered}
          marked={marked}
          isFollowing={isFollowing}
          onFollow={setFollowing}
          onMark={mark}
        />
      )}
    </div>
  );
}

/** Without the permission the address bar has the link all the same. */
function noClipboard(): void {
  tell("The link is in the address bar", "The browser does not let it be copied.");
}

function countOf(count: number, store: LogStore, words: string, isSearching: boolean): string {
  const kept = store.end - store.start;
  const all = `${countText(kept)} ${kept === 1 ? "line" : "lines"}`;
  return words === "" ? all : `${countText(count)} of ${all}${isSearching ? "…" : ""}`;
}

function markedInAddress(): number | undefined {
  const [, number] = /^#L(\d+)$/.exec(location.hash) ?? [];
  return number === undefined ? undefined : Number(number) - 1;
}

/** All that is kept, as plain text. */
function download(name: string, store: LogStore): void {
  const parts: string[] = [];
  for (let number = store.start; number < store.end; number++) parts.push(`${plainText(store.line(number))}\n`);
  const url = URL.createObjectURL(new Blob(parts, { type: "text/plain" }));
  const link = Object.assign(document.createElement("a"), {
    href: url,
    download: `${name.replaceAll(/[^\w.-]/g, "_")}.log`,
  });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
