/** What is in a volume: its directories and files. */
import { useState } from "react";
import { call } from "../../api/call.ts";
import type { Reply } from "../../api/operations.ts";
import { useRead } from "../../api/use-read.ts";
import { useMay } from "../../api/use-self.ts";
import { Button } from "../../components/button.tsx";
import { Empty, Failed, Loading } from "../../components/empty.tsx";
import { Ago, bytesText } from "../../components/moments.tsx";
import { Facts, Page, Panel } from "../../components/page.tsx";
import { ScrollText } from "../../components/scroll-text.tsx";
import type { Column } from "../../components/table/columns.ts";
import { Table } from "../../components/table/table.tsx";
import type { PageProps } from "../../routes.ts";
import styles from "./volume.module.css";

type Entry = Reply<"GET /api/v1/volumes/{name}/browse">[number];

const marks = { dir: "▸", symlink: "↪", file: "" } as const;
/** Directories come first. */
const order = { dir: "0", symlink: "1", file: "1" } as const;

const columns: readonly Column<Entry>[] = [
  {
    ...{ id: "name", title: "Name", width: "minmax(9rem, 2fr)" },
    cell: ({ name, type, link_dest: target }) => (
      <span>
        <span aria-hidden="true">{marks[type]}</span> {type === "dir" ? <strong>{name}/</strong> : name}
        {target !== undefined && <span className={styles.muted}> → {target}</span>}
      </span>
    ),
    sortBy: ({ name, type }) => order[type] + name,
  },
  { ...{ id: "mode", title: "Mode", width: "8rem", isSecondary: true }, cell: ({ mode }) => <code>{mode}</code> },
  {
    ...{ id: "size", title: "Size", width: "6rem", isNumber: true },
    cell: ({ size, type }) => (type === "file" ? bytesText(size) : ""),
    sortBy: ({ size }) => size,
  },
  {
    ...{ id: "changed", title: "Changed", width: "7rem", isNumber: true, isSecondary: true },
    cell: ({ mod_time: at }) => <Ago at={Date.parse(at)} />,
    sortBy: ({ mod_time: at }) => Date.parse(at),
  },
];

export default function VolumePage({ params: { host = "local", name = "" } }: PageProps) {
  const mayBrowse = useMay("fleet.manage");
  const volume = useRead(`volume ${host} ${name}`, (signal) =>
    call("GET /api/v1/volumes/{name}", { path: { name }, query: { host } }, { signal }),
  );
  if (!volume.data)
    return volume.error === undefined ? (
      <Loading what={name} />
    ) : (
      <Failed isWholePage what={`${name} cannot be shown`} error={volume.error} retry={volume.reload} />
    );
  const { Driver, Mountpoint, Labels } = volume.data;
  return (
    <Page title={name} subtitle="A volume">
      <Panel title="What it is">
        <Facts
          facts={{
            Driver,
            Stack: Labels?.["com.docker.compose.project"],
            "On its host": <code>{Mountpoint}</code>,
          }}
        />
      </Panel>
      {mayBrowse && <Browser host={host} name={name} />}
    </Page>
  );
}

function Browser({ host, name }: { host: string; name: string }) {
  const [path, setPath] = useState("/");
  const [file, setFile] = useState<string>();
  const entries = useRead(`browse ${host} ${name} ${path}`, (signal) =>
    call("GET /api/v1/volumes/{name}/browse", { path: { name }, query: { host, path } }, { signal }),
  );
  const open = ({ name: entry, type }: Entry): void => {
    const whole = `${path === "/" ? "" : path}/${entry}`;
    if (type === "dir") {
      setPath(whole);
      setFile(undefined);
    } else setFile(whole);
  };
  return (
    <>
      <Panel title="Files" isFlush actions={<Button onClick={entries.reload}>Look again</Button>}>
        <Crumbs path={path} onOpen={setPath} />
        <Table
          what="files"
          columns={columns}
          rows={entries.data}
          rowId={({ name: entry }) => entry}
          onOpen={open}
          order={{ column: "name", isDescending: false }}
          error={entries.error}
          onRetry={entries.reload}
          empty={<Empty title="This directory is empty" />}
        />
      </Panel>
      {file !== undefined && <FileView host={host} name={name} path={file} onClose={() => setFile(undefined)} />}
    </>
  );
}

function Crumbs({ path, onOpen }: { path: string; onOpen: (path: string) => void }) {
  const parts = path.split("/").filter(Boolean);
  return (
    <nav aria-label="Directory" className={styles.crumbs}>
      <Button kind="quiet" onClick={() => onOpen("/")}>
        /
      </Button>
      {parts.map((part, index) => {
        const whole = `/${parts.slice(0, index + 1).join("/")}`;
        return (
          <Button key={whole} kind="quiet" onClick={() => onOpen(whole)}>
            {part}
          </Button>
        );
      })}
    </nav>
  );
}

interface FileViewProps {
  readonly host: string;
  readonly name: string;
  readonly path: string;
  onClose(): void;
}

function FileView({ host, name, path, onClose }: FileViewProps) {
  const file = useRead(`file ${host} ${name} ${path}`, (signal) =>
    call("GET /api/v1/volumes/{name}/browse/file", { path: { name }, query: { host, path } }, { signal }),
  );
  return (
    <Panel title={path} isFlush actions={<Button onClick={onClose}>Close</Button>}>
      {!file.data && file.error === undefined && <Loading what={path} />}
      {file.error !== undefined && <Failed what="The file cannot be shown" error={file.error} retry={file.reload} />}
      {file.data?.binary && (
        <Empty title="This is no text">{bytesText(file.data.size)} that cannot be shown here.</Empty>
      )}
      {file.data && !file.data.binary && (
        <>
          {file.data.truncated && (
            <p className={styles.note}>Only the beginning is shown; the file has {bytesText(file.data.size)}.</p>
          )}
          <ScrollText label={path}>{file.data.content}</ScrollText>
        </>
      )}
    </Panel>
  );
}
