/** What a task has left, or was given afterwards. */
import { type ChangeEvent, useRef, useState } from "react";
import { useMay } from "../../api/use-self.ts";
import { Button } from "../../components/button.tsx";
import { Empty } from "../../components/empty.tsx";
import { Ago, bytesText } from "../../components/moments.tsx";
import { Panel } from "../../components/page.tsx";
import { Select } from "../../components/select.tsx";
import { tell } from "../../components/toasts.tsx";
import { useAction } from "../../components/use-action.ts";
import { type ArtifactType, artifactUrl, writeArtifact } from "./artifact-calls.ts";
import styles from "./task.module.css";
import type { Task } from "./use-task.ts";

const titles: Readonly<Record<ArtifactType, string>> = {
  result: "Result",
  "exec-log": "Files of its run",
  "std-log": "What it printed",
};

export function TaskArtifacts({ task, changed }: { task: Task; changed: () => void }) {
  const mayWrite = useMay("blobs.write");
  return (
    <Panel title="Artifacts">
      {task.artifacts.length === 0 && (
        <Empty title="It has left nothing">
          What a task writes to the directory <code>$MITO_RESULT_DIR</code> is kept as its result.
        </Empty>
      )}
      <ul className={styles.artifacts}>
        {task.artifacts.map(({ content_type: type, size, updated_at }) => (
          <li key={type} className={styles.artifact}>
            <strong>{titles[type]}</strong>
            <span className={styles.note}>
              {bytesText(size)}, <Ago at={Date.parse(updated_at)} />
            </span>
            <Download uuid={task.info.uuid} type={type} />
          </li>
        ))}
      </ul>
      {mayWrite && <Upload uuid={task.info.uuid} done={changed} />}
    </Panel>
  );
}

function Download({ uuid, type }: { uuid: string; type: ArtifactType }) {
  const [busy, run] = useAction();
  const download = async (): Promise<void> => {
    const href = await artifactUrl(uuid, type);
    Object.assign(document.createElement("a"), { href, download: `${uuid}-${type}.tar.gz` }).click();
  };
  return (
    <Button busy={busy} onClick={() => run(`Could not download the ${titles[type]}`, download)}>
      Download<span className="visually-hidden"> {titles[type]}</span>
    </Button>
  );
}

function Upload({ uuid, done }: { uuid: string; done: () => void }) {
  const [type, setType] = useState<ArtifactType>("result");
  const input = useRef<HTMLInputElement>(null);
  const [busy, run] = useAction();
  function take({ target }: ChangeEvent<HTMLInputElement>): void {
    const [file] = target.files ?? [];
    if (!file) return;
    run(`Could not upload ${file.name}`, async () => {
      await writeArtifact(uuid, type, file);
      tell(`Uploaded ${file.name}`);
      done();
    });
    target.value = ""; // the same file can be chosen again
  }
  return (
    <div className={styles.upload}>
      <Select
        label="Upload as"
        value={type}
        onChange={(event) => setType(event.target.value as ArtifactType)}
        options={Object.entries(titles).map(([value, title]) => ({ value, title }))}
      />
      <input ref={input} type="file" hidden aria-label="File to upload" onChange={take} />
      <Button busy={busy} onClick={() => input.current?.click()}>
        Upload…
      </Button>
    </div>
  );
}
