/** Downloading and removing what is in a directory. */
import { confirm } from "../../../components/confirm.tsx";
import { MoreMenu } from "../../../components/more-menu.tsx";
import { saveFile } from "../../../components/save-file.ts";
import { tell } from "../../../components/toasts.tsx";
import { useAction } from "../../../components/use-action.ts";
import type { Entry, FileCalls } from "./file-calls.ts";

interface EntryActionsProps {
  readonly entry: Entry;
  readonly files: FileCalls;
  changed(): void;
}

export function EntryActions({ entry: { name, path, type }, files, changed }: EntryActionsProps) {
  const [, run] = useAction();
  async function remove(): Promise<void> {
    const lost =
      type === "directory" ? "The directory and all that is in it are gone for good." : "It is gone for good.";
    if (!(await confirm({ title: `Remove ${path}?`, lost, action: "Remove" }))) return;
    await files.remove(path);
    tell(`Removed ${name}`);
    changed();
  }
  const take = async (): Promise<void> => saveFile(name, await files.read(path));
  const download = { title: "Download", act: () => run(`Could not download ${name}`, take) };
  const end = { title: "Remove…", act: () => run(`Could not remove ${name}`, remove) };
  return <MoreMenu label={`More for ${name}`} actions={type === "file" ? [download, end] : [end]} />;
}
