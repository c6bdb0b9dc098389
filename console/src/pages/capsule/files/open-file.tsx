/** One file: small texts are shown and edited, everything else can be downloaded. */
import { Suspense, useState } from "react";
import { useRead } from "../../../api/use-read.ts";
import { Button } from "../../../components/button.tsx";
import type { CodeEditorProps } from "../../../components/code-editor.tsx";
import { confirm } from "../../../components/confirm.tsx";
import { Empty, Failed, Loading } from "../../../components/empty.tsx";
import { bytesText } from "../../../components/moments.tsx";
import { Panel } from "../../../components/page.tsx";
import { saveFile } from "../../../components/save-file.ts";
import { tell } from "../../../components/toasts.tsx";
import { useAction } from "../../../components/use-action.ts";
import { lazyPart } from "../../../lazy-part.ts";
import type { FileCalls } from "./file-calls.ts";
import styles from "./files.module.css";
import { nameOf } from "./paths.ts";

const CodeEditor = lazyPart(() => import("../../../components/code-editor.tsx"));

/** Larger ones would make the editor slow, and are rarely written by people. */
const mostEditedBytes = 1024 * 1024;

interface OpenFileProps {
  readonly path: string;
  readonly files: FileCalls;
  onClose(): void;
}

export function OpenFile({ path, files, onClose }: OpenFileProps) {
  const [edited, setEdited] = useState<string>();
  const [busy, run] = useAction();
  const content = useRead(`file ${path}`, async () => {
    const blob = await files.read(path);
    return { blob, text: await textOf(blob) };
  });
  const { text, blob } = content.data ?? {};
  const isChanged = edited !== undefined && edited !== text;

  async function close(): Promise<void> {
    const lost = "What you have changed is not saved.";
    if (!isChanged || (await confirm({ title: `Leave ${path}?`, lost, action: "Leave" }))) onClose();
  }
  const save = () =>
    run(`Could not save ${path}`, async () => {
      await files.write(path, new Blob([edited ?? ""]));
      tell(`Saved ${nameOf(path)}`);
      content.reload();
    });

  return (
    <Panel isFlush>
      <div className={styles.bar}>
        <code className={styles.way}>{path}</code>
        {blob && <span className={styles.target}>{bytesText(blob.size)}</span>}
        <Button onClick={() => void close()}>Back</Button>
        <Button disabled={!blob} onClick={() => blob && saveFile(nameOf(path), blob)}>
          Download
        </Button>
        {text !== undefined && (
          <Button kind="primary" busy={busy} disabled={!isChanged} onClick={save}>
            Save
          </Button>
        )}
      </div>
      {!content.data && content.error === undefined && <Loading what={path} />}
      {!content.data && content.error !== undefined && (
        <Failed what={`${path} cannot be shown`} error={content.error} retry={content.reload} />
      )}
      {text !== undefined && (
        <Suspense fallback={<Loading what="the editor" />}>
          <CodeEditor
            label={`Content of ${path}`}
            language={languageOf(path)}
            value={edited ?? text}
            onChange={setEdited}
            onSubmit={() => isChanged && save()}
          />
        </Suspense>
      )}
      {blob && text === undefined && (
        <Empty title="This is no text that can be shown">
          It is too large for that, or no text at all. Download it.
        </Empty>
      )}
    </Panel>
  );
}

/** @returns undefined for what is no UTF-8, or too much of it */
async function textOf(blob: Blob): Promise<string | undefined> {
  if (blob.size > mostEditedBytes) return undefined;
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(await blob.arrayBuffer());
    return text.includes("\0") ? undefined : text;
  } catch {
    return undefined;
  }
}

function languageOf(path: string): CodeEditorProps["language"] {
  if (/\.(?:[cm]?[jt]sx?)$/.test(path)) return "javascript";
  if (/\.ya?ml$/.test(path)) return "yaml";
  return path.endsWith(".json") ? "json" : "text";
}
