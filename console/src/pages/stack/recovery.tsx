/** For a stack whose Compose file is lost while its containers may still run. */
import { call } from "../../api/call.ts";
import { useMay } from "../../api/use-self.ts";
import { Button } from "../../components/button.tsx";
import { confirm } from "../../components/confirm.tsx";
import { Empty } from "../../components/empty.tsx";
import { Panel } from "../../components/page.tsx";
import { tell } from "../../components/toasts.tsx";
import { useAction } from "../../components/use-action.ts";

export function Recovery({ name, changed }: { name: string; changed: () => void }) {
  const [busy, run] = useAction();
  const mayWrite = useMay("stacks.write");

  async function recover(): Promise<void> {
    const { warnings } = await call("POST /api/v1/stacks/{name}/recover", { path: { name } });
    tell("The file is made again from the containers", warnings.join("; ") || "Look at it before you deploy it.");
    changed();
  }
  async function discard(): Promise<void> {
    const isSure = await confirm({
      title: `Give ${name} up?`,
      lost: "The yard forgets where it was deployed. Containers that run go on.",
      action: "Give it up",
    });
    if (!isSure) return;
    await call("POST /api/v1/stacks/{name}/discard", { path: { name } });
    changed();
  }

  return (
    <Panel>
      <Empty
        title="Its Compose file is lost"
        actions={
          mayWrite && (
            <>
              <Button kind="primary" busy={busy} onClick={() => run("Could not make the file again", recover)}>
                Make it again
              </Button>
              <Button busy={busy} onClick={() => run(`Could not give ${name} up`, discard)}>
                Give it up…
              </Button>
            </>
          )
        }
      >
        It can be made again from what runs, as far as containers tell.
      </Empty>
    </Panel>
  );
}
