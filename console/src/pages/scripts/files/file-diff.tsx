/** What two versions of a file differ in, if it is a text. */
import { useMemo } from "react";
import { TextDiff } from "../../../components/diff/text-diff.tsx";
import { Empty } from "../../../components/empty.tsx";

interface FileDiffProps {
  readonly path: string;
  /** None: it is not there. */
  readonly before: Uint8Array | undefined;
  readonly after: Uint8Array | undefined;
}

export function FileDiff({ path, before, after }: FileDiffProps) {
  const [one, other] = useMemo(() => [textOf(before), textOf(after)], [before, after]);
  if (one === undefined || other === undefined) return <Empty title={`${path} is no text`}>Its bytes differ.</Empty>;
  const same = <Empty title={`The content of ${path} is the same`}>Its mode or its kind differs.</Empty>;
  return <TextDiff title={path} before={one} after={other} same={same} />;
}

/** @returns undefined for what is no text */
function textOf(content: Uint8Array | undefined): string | undefined {
  if (!content) return "";
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(content);
    return text.includes("\0") ? undefined : text;
  } catch {
    return undefined;
  }
}
