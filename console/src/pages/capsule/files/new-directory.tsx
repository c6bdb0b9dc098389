/** A new directory; those on the way to it are made too. */
import { useState } from "react";
import { FormDialog } from "../../../components/form-dialog.tsx";
import { NameField } from "../../../components/name-field.tsx";
import type { FileCalls } from "./file-calls.ts";
import { childPath } from "./paths.ts";

interface NewDirectoryProps {
  readonly path: string;
  readonly files: FileCalls;
  done(): void;
  onClose(): void;
}

export function NewDirectory({ path, files, done, onClose }: NewDirectoryProps) {
  const [name, setName] = useState("");
  async function submit(): Promise<void> {
    await files.makeDirectory(childPath(path, name));
    done();
  }
  return (
    <FormDialog title="New directory" description={`In ${path}`} action="Make it" submit={submit} onClose={onClose}>
      <NameField value={name} onChange={setName} />
    </FormDialog>
  );
}
