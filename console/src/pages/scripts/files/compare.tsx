/** What two snapshots differ in: file by file, and line by line. */
import { type FormEvent, useMemo, useState } from "react";
import { useRead } from "../../../api/use-read.ts";
import { Button } from "../../../components/button.tsx";
import { Empty, Failed, Loading } from "../../../components/empty.tsx";
import { Field } from "../../../components/field.tsx";
import { bytesText } from "../../../components/moments.tsx";
import { Panel } from "../../../components/page.tsx";
import { Status, type Tone } from "../../../components/status.tsx";
import type { Column } from "../../../components/table/columns.ts";
import { Table } from "../../../components/table/table.tsx";
import { FileDiff } from "./file-diff.tsx";
import styles from "./files.module.css";
import type { TreeFiles } from "./tree.ts";
import { type Change, diffTrees } from "./tree-diff.ts";
import { noFiles, readTree } from "./tree-files.ts";

interface CompareProps {
  /** A label, or the id of a snapshot; "" for no files at all. */
  readonly from: string;
  readonly to: string;
  readonly labels: readonly { readonly name: string; readonly ca_id: string }[];
  onCompare(from: string, to: string): void;
}

export function Compare({ from, to, labels, onCompare }: CompareProps) {
  const [one, setOne] = useState(from);
  const [other, setOther] = useState(to);
  const idOf = (text: string): string => labels.find(({ name }) => name === text)?.ca_id ?? text;
  function submit(event: FormEvent): void {
    event.preventDefault();
    onCompare(one.trim(), other.trim());
  }
  return (
    <Panel title="Compare two snapshots" isFlush>
      <form className={styles.form} onSubmit={submit}>
        <Field
          className={styles.side}
          label="From"
          hint="A label or an id; nothing is no files at all."
          list="labels"
          autoComplete="off"
          isMono
          value={one}
          onChange={(event) => setOne(event.target.value)}
        />
        <Field
          className={styles.side}
          label="To"
          hint="Likewise."
          list="labels"
          autoComplete="off"
          isMono
          required
          value={other}
          onChange={(event) => setOther(event.target.value)}
        />
        <Button type="submit">Compare</Button>
        <datalist id="labels">
          {labels.map(({ name }) => (
            <option key={name} value={name} />
          ))}
        </datalist>
      </form>
      {to !== "" && <Changes from={idOf(from)} to={idOf(to)} />}
    </Panel>
  );
}

const toneOf: Readonly<Record<Change["kind"], Tone>> = { added: "good", removed: "bad", changed: "info" };

const columns: readonly Column<Change>[] = [
  {
    ...{ id: "kind", title: "Change", width: "7.5rem" },
    cell: ({ kind }) => <Status tone={toneOf[kind]}>{kind}</Status>,
    sortBy: ({ kind }) => kind,
  },
  {
    ...{ id: "path", title: "Path", width: "minmax(8rem, 3fr)" },
    cell: ({ path }) => <code title={path}>{path}</code>,
    sortBy: ({ path }) => path,
  },
  {
    ...{ id: "before", title: "Before", width: "6rem", isNumber: true, isSecondary: true },
    cell: ({ before }) => before && bytesText(before.size),
  },
  {
    ...{ id: "after", title: "After", width: "6rem", isNumber: true, isSecondary: true },
    cell: ({ after }) => after && bytesText(after.size),
  },
];

function Changes({ from, to }: { from: string; to: string }) {
  const trees = useRead(`trees ${from} ${to}`, async (signal) => {
    const read = (id: string): Promise<TreeFiles> | TreeFiles => (id === "" ? noFiles : readTree(id, signal));
    const [before, after] = await Promise.all([read(from), read(to)]);
    return { before, after };
  });
  const [path, setPath] = useState<string>();
  const { data } = trees;
  const changes = useMemo(() => data && diffTrees(data.before, data.after), [data]);
  if (!data)
    return trees.error === undefined ? (
      <Loading what="the snapshots" />
    ) : (
      <Failed what="The snapshots cannot be compared" error={trees.error} retry={trees.reload} />
    );
  const isPartial = !data.before.contents || !data.after.contents;
  return (
    <>
      {isPartial && (
        <p className={styles.note}>
          There is too much in them to look into: files of the same size and mode count as the same.
        </p>
      )}
      <Table
        what="changes"
        columns={columns}
        rows={changes}
        rowId={(change) => change.path}
        onOpen={(change) => setPath(change.path)}
        empty={<Empty title="They are the same" />}
      />
      {path !== undefined && !isPartial && (
        <FileDiff path={path} before={data.before.contents?.get(path)} after={data.after.contents?.get(path)} />
      )}
    </>
  );
}
