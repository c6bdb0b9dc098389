/** The files of a capsule: gone through, looked at, edited, brought and taken. The place is part of the address. */
import { useMemo } from "react";
import { useSearchParams } from "wouter";
import { useSelf } from "../../../api/use-self.ts";
import { type Capsule, teamOf } from "../../capsules/capsule.ts";
import { Directory } from "./directory.tsx";
import { fileCalls } from "./file-calls.ts";
import { OpenFile } from "./open-file.tsx";
import { parentPath, typedPath } from "./paths.ts";

const home = "/root";

export default function CapsuleFiles({ capsule }: { capsule: Capsule }) {
  const team = teamOf(capsule, useSelf());
  const { id } = capsule;
  const [params, setParams] = useSearchParams();
  const files = useMemo(() => fileCalls(id, { team }), [id, team]);
  const file = typedPath(params.get("file") ?? "");
  const directory = typedPath(params.get("path") ?? "") ?? home;
  if (file !== undefined && file !== "/")
    return <OpenFile key={file} path={file} files={files} onClose={() => setParams({ path: parentPath(file) })} />;
  return (
    <Directory
      capsuleId={id}
      path={directory}
      files={files}
      onEnter={(path) => setParams({ path })}
      onOpen={(path) => setParams({ file: path })}
    />
  );
}
