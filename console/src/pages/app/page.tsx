/** One app: how it is, what it prints, and what can be done with it. */
import { CallError } from "../../api/call-error.ts";
import { useMay } from "../../api/use-self.ts";
import { LinkButton } from "../../components/button.tsx";
import { Empty, Failed, Loading } from "../../components/empty.tsx";
import { Page, Panel } from "../../components/page.tsx";
import type { PageProps } from "../../routes.ts";
import { AppStatus } from "../apps/app-status.tsx";
import { AppActions } from "./actions.tsx";
import { useApp } from "./app.ts";
import { AppFacts } from "./facts.tsx";
import { AppOutput } from "./output.tsx";

export default function AppPage({ params: { name = "" } }: PageProps) {
  const app = useApp(name);
  const mayRead = useMay("apps.output");
  if (app.error instanceof CallError && app.error.status === 404) return <Gone name={name} />;
  if (!app.data)
    return app.error === undefined ? (
      <Loading what={name} />
    ) : (
      <Failed isWholePage what={`${name} cannot be shown`} error={app.error} retry={app.reload} />
    );
  const { row, definition } = app.data;
  return (
    <Page
      title={row.name}
      badge={<AppStatus app={row} />}
      subtitle={definition.description || <code>{row.command}</code>}
      actions={<AppActions app={row} changed={app.reload} />}
    >
      <Panel title="How it is">
        <AppFacts app={app.data} />
      </Panel>
      {mayRead && (
        <Panel title="Output" isFlush>
          <AppOutput key={name} name={name} run={row.starts} />
        </Panel>
      )}
    </Page>
  );
}

function Gone({ name }: { name: string }) {
  return (
    <Empty isWholePage title={`There is no app “${name}”`} actions={<LinkButton href="/apps">All apps</LinkButton>}>
      It was deleted, or never made, or you may not see it.
    </Empty>
  );
}
