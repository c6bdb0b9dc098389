/** The two texts that a stack is made of: its Compose file and its variables. */
import { type ReactNode, Suspense } from "react";
import { Loading } from "../../components/empty.tsx";
import { Panel } from "../../components/page.tsx";
import { lazyPart } from "../../lazy-part.ts";

const CodeEditor = lazyPart(() => import("../../components/code-editor.tsx"));

interface ComposeEditorsProps {
  /** Over the file; its name if nothing is said. */
  readonly title?: string;
  /** Beside it. */
  readonly actions?: ReactNode;
  /** Between it and the file. */
  readonly notice?: ReactNode;
  readonly compose: string;
  readonly env: string;
  readonly isReadOnly?: boolean;
  onCompose(text: string): void;
  onEnv(text: string): void;
  /** Ctrl-Enter in either of them. */
  onSubmit(): void;
}

export function ComposeEditors(props: ComposeEditorsProps) {
  const { title = "compose.yaml", actions, notice, compose, env, isReadOnly, onCompose, onEnv, onSubmit } = props;
  const both = { isReadOnly, onSubmit };
  return (
    <>
      <Panel title={title} isFlush actions={actions}>
        {notice}
        <Suspense fallback={<Loading what="the editor" />}>
          <CodeEditor label="compose.yaml" language="yaml" value={compose} onChange={onCompose} {...both} />
        </Suspense>
      </Panel>
      <Panel title="Variables (.env)" isFlush>
        <Suspense fallback={<Loading what="the editor" />}>
          <CodeEditor label="Variables, one NAME=value a line" language="text" value={env} onChange={onEnv} {...both} />
        </Suspense>
      </Panel>
    </>
  );
}
