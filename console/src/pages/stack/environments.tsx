/** Which overlay deployments merge over the base, where there are overlays. */
import { call } from "../../api/call.ts";
import { useRead } from "../../api/use-read.ts";
import { useMay } from "../../api/use-self.ts";
import { Panel } from "../../components/page.tsx";
import { Select } from "../../components/select.tsx";
import { useAction } from "../../components/use-action.ts";

export function Environments({ name }: { name: string }) {
  const mayDeploy = useMay("stacks.deploy");
  const [busy, run] = useAction();
  const read = useRead(mayDeploy ? `environments ${name}` : undefined, (signal) =>
    call("GET /api/v1/stacks/{name}/environments", { path: { name } }, { signal }),
  );
  if (!read.data || read.data.available.length === 0) return null;
  const choose = (active: string): void =>
    run("Could not choose the environment", async () => {
      await call("PUT /api/v1/stacks/{name}/environments/active", { path: { name }, body: { active } });
      read.reload();
    });
  return (
    <Panel title="Environment">
      <Select
        label="Overlay"
        hint="Deployments merge compose.<name>.yaml over the base from now on."
        disabled={busy}
        value={read.data.active}
        onChange={(event) => choose(event.target.value)}
        options={[
          { value: "", title: "The base alone" },
          ...read.data.available.map((value) => ({ value, title: value })),
        ]}
      />
    </Panel>
  );
}
