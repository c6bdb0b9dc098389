/** All that the engine says of a container. Values of variables may be secrets: they are covered until asked for. */
import { Suspense, useState } from "react";
import { Button } from "../../components/button.tsx";
import { Loading } from "../../components/empty.tsx";
import { Panel } from "../../components/page.tsx";
import { lazyPart } from "../../lazy-part.ts";
import { fieldsOf, listOf } from "./seen-container.ts";

const CodeEditor = lazyPart(() => import("../../components/code-editor.tsx"));

export function Inspect({ name, whole }: { name: string; whole: unknown }) {
  const [isCovered, setCovered] = useState(true);
  const text = JSON.stringify(isCovered ? covered(whole) : whole, undefined, 2);
  return (
    <Panel
      title="Inspect"
      isFlush
      actions={
        <Button aria-pressed={!isCovered} onClick={() => setCovered(!isCovered)}>
          Show variables
        </Button>
      }
    >
      <Suspense fallback={<Loading what="the viewer" />}>
        <CodeEditor label={`What the engine says of ${name}`} language="json" value={text} isReadOnly />
      </Suspense>
    </Panel>
  );
}

function covered(whole: unknown): unknown {
  const config = fieldsOf(fieldsOf(whole).Config);
  const Env = listOf(config.Env).map((each) => String(each).replace(/=.*$/s, "=…"));
  return { ...fieldsOf(whole), Config: { ...config, Env } };
}
