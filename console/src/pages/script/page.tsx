/** One run of a script. */
import { useMay } from "../../api/use-self.ts";
import { LinkButton } from "../../components/button.tsx";
import { Page } from "../../components/page.tsx";
import type { PageProps } from "../../routes.ts";
import { shortId } from "../scripts/execution.ts";
import { ExecutionView } from "../scripts/execution-view.tsx";

export default function ScriptPage({ params: { id = "" } }: PageProps) {
  const mayRun = useMay("scripts.run");
  return (
    <Page
      title={`Run ${shortId(id)}`}
      subtitle={<code>{id}</code>}
      actions={
        <>
          <LinkButton href="/scripts/runs">All runs</LinkButton>
          {mayRun && <LinkButton href="/scripts">Editor</LinkButton>}
        </>
      }
    >
      <ExecutionView id={id} />
    </Page>
  );
}
