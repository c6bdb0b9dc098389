/** One directory: what is in it, and the way to it. */
import { type ChangeEvent, useRef, useState } from "react";
import { useRead } from "../../../api/use-read.ts";
import { Button } from "../../../components/button.tsx";
import { Empty } from "../../../components/empty.tsx";
import { Ago, bytesText } from "../../../components/moments.tsx";
import { Panel } from "../../../components/page.tsx";
import type { Column } from "../../../components/table/columns.ts";
import { Table } from "../../../components/table/table.tsx";
import { tell } from "../../../components/toasts.tsx";
import { useAction } from "../../../components/use-action.ts";
import { EntryActions } from "./entry-actions.tsx";
import type { Entry, FileCalls } from "./file-calls.ts";
import styles from "./files.module.css";
import { NewDirectory } from "./new-directory.tsx";
import { childPath, wayTo } from "./paths.ts";

interface DirectoryProps {
  readonly capsuleId: string;
  readonly path: string;
  readonly files: FileCalls;
  onEnter(path: string): void;
  onOpen(path: string): void;
}

export function Directory({ capsuleId, path, files, onEnter, onOpen }: DirectoryProps) {
  const entries = useRead(`files ${capsuleId} ${path}`, (signal) => files.list(path, signal));
  const [isMaking, setMaking] = useState(false);
  const columns = columnsOf(files, entries.reload);
  return (
    <Panel isFlush>
      <div className={styles.bar}>
        <Way path={path} onEnter={onEnter} />
        <Button kind="quiet" onClick={entries.reload}>
          Look again
        </Button>
        <Button onClick={() => setMaking(true)}>New directory</Button>
        <Upload path={path} files={files} done={entries.reload} />
      </div>
      <Table
        key={path}
        what="files"
        columns={columns}
        rows={entries.data}
        rowId={(entry) => entry.path}
        onOpen={(entry) => (leadsOn(entry) ? onEnter(entry.path) : onOpen(entry.path))}
        order={{ column: "name", isDescending: false }}
        error={entries.error}
        onRetry={entries.reload}
        empty={<Empty title="Nothing is in here">Upload a file, or make a directory.</Empty>}
      />
      {isMaking && <NewDirectory path={path} files={files} done={entries.reload} onClose={() => setMaking(false)} />}
    </Panel>
  );
}

/** A link to a directory looks like its target: whether it is one shows when it is entered. */
const leadsOn = ({ type, permissions }: Entry): boolean =>
  type === "directory" || (type === "symlink" && permissions.startsWith("d"));

function columnsOf(files: FileCalls, changed: () => void): readonly Column<Entry>[] {
  return [
    {
      ...{ id: "name", title: "Name", width: "minmax(7rem, 2.5fr)" },
      cell: (entry) => <EntryName entry={entry} />,
      // Directories before files, as everywhere.
      sortBy: (entry) => `${leadsOn(entry) ? 0 : 1} ${entry.name}`,
    },
    {
      ...{ id: "size", title: "Size", width: "4.5rem", isNumber: true },
      cell: ({ type, size }) => (type === "file" ? bytesText(size) : null),
      sortBy: ({ type, size }) => (type === "file" ? size : undefined),
    },
    {
      ...{ id: "mode", title: "Mode", width: "7.5rem", isSecondary: true },
      cell: ({ permissions }) => <code>{permissions}</code>,
    },
    {
      ...{ id: "owner", title: "Owner", width: "8rem", isSecondary: true },
      cell: ({ owner, group }) => `${owner}:${group}`,
      sortBy: ({ owner }) => owner,
    },
    {
      ...{ id: "changed", title: "Changed", width: "6.5rem", isNumber: true, isSecondary: true },
      cell: ({ modified_at }) => <Ago at={modified_at * 1_000} />,
      sortBy: ({ modified_at }) => modified_at,
    },
    {
      ...{ id: "actions", title: "Actions", width: "6.5rem" },
      cell: (entry) => <EntryActions entry={entry} files={files} changed={changed} />,
    },
  ];
}

function EntryName({ entry: { name, type, symlink_target: target } }: { entry: Entry }) {
  return (
    <span className={styles.name} title={target === undefined ? name : `${name} → ${target}`}>
      {type === "directory" ? <strong>{name}/</strong> : name}
      {target !== undefined && <span className={styles.target}> → {target}</span>}
    </span>
  );
}

function Way({ path, onEnter }: { path: string; onEnter: (path: string) => void }) {
  return (
    <nav aria-label="The way here" className={styles.way}>
      {wayTo(path).map((part) => (
        <button
          key={part.path}
          type="button"
          className={styles.part}
          aria-current={part.path === path ? "location" : undefined}
          onClick={() => onEnter(part.path)}
        >
          {part.name}
        </button>
      ))}
    </nav>
  );
}

function Upload({ path, files, done }: { path: string; files: FileCalls; done: () => void }) {
  const input = useRef<HTMLInputElement>(null);
  const [busy, run] = useAction();
  function take({ target }: ChangeEvent<HTMLInputElement>): void {
    const chosen = [...(target.files ?? [])];
    target.value = ""; // the same file can be chosen again
    if (chosen.length === 0) return;
    const what = chosen.length === 1 ? chosen[0]?.name : `${chosen.length} files`;
    run(`Could not upload ${what}`, async () => {
      for (const file of chosen) await files.write(childPath(path, file.name), file);
      tell(`Uploaded ${what}`);
      done();
    });
  }
  return (
    <>
      <input ref={input} type="file" multiple hidden aria-label="Files to upload" onChange={take} />
      <Button kind="primary" busy={busy} onClick={() => input.current?.click()}>
        Upload
      </Button>
    </>
  );
}
